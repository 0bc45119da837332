/** The two sides of a synchronisation, in the same words: for each Message-ID the flags, as letters of Maildir (D F R S), sorted. */
import fs from 'node:fs';
import path from 'node:path';
import type { ImapClient } from './line-client.ts';

export type Side = ReadonlyMap<string, string>;

const LETTERS: Readonly<Record<string, string>> = { '\\Draft': 'D', '\\Flagged': 'F', '\\Answered': 'R', '\\Seen': 'S' };

/** What a mailbox holds; it is left unselected. Messages marked \Deleted are left out. */
export async function serverSide(imap: ImapClient, mailbox: string): Promise<Side> {
  await imap.command(`EXAMINE "${mailbox}"`);
  const { untagged } = await imap.command('UID FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])');
  await imap.command('UNSELECT');
  const messages = new Map<string, string>();
  for (const response of untagged) {
    const flags = /FLAGS \(([^)]*)\)/.exec(response)?.[1]?.split(' ') ?? [];
    const id = /^message-id:\s*(\S+)/im.exec(response)?.[1];
    if (!/^\* \d+ FETCH /.test(response) || flags.includes('\\Deleted')) continue;
    if (id === undefined || messages.has(id)) throw new Error(`${mailbox}: ${id} is missing or there twice`);
    messages.set(id, letters(flags.map((flag) => LETTERS[flag] ?? '')));
  }
  return sorted(messages);
}

/** What a Maildir folder holds. */
export function maildirSide(folder: string): Side {
  const messages = new Map<string, string>();
  for (const file of maildirFiles(folder)) {
    const id = /^message-id:\s*(\S+)/im.exec(fs.readFileSync(file, 'latin1'))?.[1];
    if (id === undefined || messages.has(id)) throw new Error(`${file}: ${id} is missing or there twice`);
    messages.set(id, letters((/:2,(\w*)$/.exec(file)?.[1] ?? '').split('').filter((letter) => 'DFRS'.includes(letter))));
  }
  return sorted(messages);
}

export function maildirFiles(folder: string): readonly string[] {
  return ['cur', 'new'].flatMap((part) =>
    fs
      .readdirSync(path.join(folder, part))
      .toSorted()
      .map((name) => path.join(folder, part, name)),
  );
}

/** Gives a message other flags the way a mail program does: by another name. */
export function flagMaildirFile(file: string, flags: string): void {
  const name = path.basename(file).replace(/:2,\w*$/, '');
  fs.renameSync(file, path.join(path.dirname(path.dirname(file)), 'cur', `${name}:2,${flags}`));
}

/** A plain message with its id, CRLF lines. */
export function plainMessage(id: string, subject: string = id): string {
  const header = [
    'From: Ola <ola@outside.example>',
    'To: ala@capri.test',
    `Subject: ${subject}`,
    'Date: Mon, 2 Nov 2026 10:00:00 +0100',
    `Message-ID: <${id}@test.example>`,
  ];
  return [...header, '', `The text of ${id}.`, '.a line with a dot', 'From the beginning of a line', ''].join('\r\n');
}

function letters(found: readonly string[]): string {
  return [...new Set(found)].toSorted().join('');
}

function sorted(messages: ReadonlyMap<string, string>): Side {
  return new Map([...messages].toSorted(([one], [other]) => (one < other ? -1 : 1)));
}
