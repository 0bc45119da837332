/** mbsync (isync): five mailboxes with 2,000 messages kept the same on both sides. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { ImapClient } from '../support/line-client.ts';
import { flagMaildirFile, maildirFiles, maildirSide, plainMessage, serverSide } from '../support/mail-sides.ts';
import { needs, program } from '../support/outside.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { openWorkFolder, type WorkFolder } from '../support/work-folder.ts';

const MAILBOXES = ['INBOX', 'lists', 'projekty', 'lists/ürlaub', 'Archive'] as const;
const EACH = 400;
/** As the wire of IMAP4rev1 and a Maildir folder of mbsync have it. */
const encoded = (mailbox: string): string => mailbox.replace('ü', '&APw-');

test('mbsync keeps five mailboxes and 2,000 messages the same on both sides', { ...needs(program('mbsync')), timeout: 240_000 }, async () => {
  await using server = await startServer({ accounts: ['ala'] });
  using folder = openWorkFolder(server);
  folder.write('mbsyncrc', configuration(server, folder));
  const imap = await ImapClient.connect(server.ports.imaps, 'ala', server.password);
  await Promise.all(MAILBOXES.map((mailbox) => fill(server, mailbox)));
  const synchronise = async (): Promise<void> => {
    const { status, output } = await folder.run('mbsync', ['-c', folder.file('mbsyncrc'), 'all']);
    assert.equal(status, 0, output.slice(-3000));
  };
  const near = (mailbox: string): string => folder.file(`mail/${encoded(mailbox)}`);
  const assertSame = async (counts: Readonly<Record<string, number>>): Promise<void> => {
    for (const mailbox of MAILBOXES) {
      const there = await serverSide(imap, encoded(mailbox));
      assert.deepEqual(maildirSide(near(mailbox)), there, mailbox);
      assert.equal(there.size, counts[mailbox] ?? EACH, mailbox);
    }
  };

  fs.mkdirSync(folder.file('mail'));
  await synchronise();
  await assertSame({});

  // Here: flags, a deletion, a new message. There: the same, on other messages.
  const inbox = maildirFiles(near('INBOX'));
  inbox.slice(0, 50).forEach((file, index) => flagMaildirFile(file, index % 2 === 0 ? 'FS' : 'RS'));
  for (const file of maildirFiles(near('lists')).slice(0, 30)) fs.rmSync(file);
  for (let number = 0; number < 20; number++) {
    fs.writeFileSync(`${near('projekty')}/new/1790000000.${number}.here`, plainMessage(`here-${number}`).replaceAll('\r\n', '\n'));
  }
  await imap.command(`SELECT "${encoded('lists/ürlaub')}"`);
  await imap.command('STORE 1:100 +FLAGS.SILENT (\\Seen \\Flagged)');
  await imap.command('STORE 101:140 +FLAGS.SILENT (\\Deleted)');
  await imap.command('EXPUNGE');
  await imap.command('UNSELECT');
  for (let number = 0; number < 20; number++) await imap.command('APPEND Archive (\\Answered)', plainMessage(`there-${number}`));
  await synchronise();
  const counts = { lists: EACH - 30, projekty: EACH + 20, 'lists/ürlaub': EACH - 40, Archive: EACH + 20 };
  await assertSame(counts);

  const before = { far: await states(imap), near: names(folder) };
  await synchronise();
  assert.deepEqual({ far: await states(imap), near: names(folder) }, before, 'nothing changed, so nothing is written');

  // 200 messages go up, and come back octet by octet.
  const texts = new Map<string, string>();
  for (let number = 0; number < 200; number++) {
    const text = `${plainMessage(`up-${number}`)}${'A longer line, to make some size. '.repeat(number * 3)}\r\n`;
    texts.set(`<up-${number}@test.example>`, text);
    fs.writeFileSync(`${near('INBOX')}/new/1790000001.${number}.up`, text.replaceAll('\r\n', '\n'));
  }
  await synchronise();
  await assertSame({ ...counts, INBOX: EACH + 200 });
  await imap.command('EXAMINE INBOX');
  const { untagged } = await imap.command(`FETCH ${EACH + 1}:* BODY.PEEK[]`);
  assert.equal(untagged.filter((response) => response.includes(' FETCH ')).length, 200);
  for (const response of untagged) {
    const id = /^message-id:\s*(\S+)/im.exec(response)?.[1] ?? '';
    // mbsync adds a field of its own, which pairs the two copies.
    const stored = response.slice(response.indexOf('\r\n') + 2, -1).replace(/^X-TUID: .*\r\n/m, '');
    assert.equal(stored, texts.get(id));
  }
  imap.close();
});

async function fill(server: TestServer, mailbox: string): Promise<void> {
  const imap = await ImapClient.connect(server.ports.imaps, 'ala', server.password);
  await imap.command(`CREATE "${encoded(mailbox)}"`);
  for (let number = 0; number < EACH; number++) {
    const { isOk } = await imap.command(`APPEND "${encoded(mailbox)}" ${number % 3 === 0 ? '(\\Seen)' : '()'}`, plainMessage(`${encoded(mailbox)}-${number}`));
    assert.ok(isOk);
  }
  imap.close();
}

/** What tells whether anything was written: every mailbox's last change and next UID. */
async function states(imap: ImapClient): Promise<readonly string[]> {
  const found: string[] = [];
  for (const mailbox of MAILBOXES) {
    found.push(...(await imap.command(`STATUS "${encoded(mailbox)}" (MESSAGES UIDNEXT UIDVALIDITY HIGHESTMODSEQ)`)).untagged);
  }
  return found;
}

function names(folder: WorkFolder): readonly string[] {
  return MAILBOXES.flatMap((mailbox) => maildirFiles(folder.file(`mail/${encoded(mailbox)}`)));
}

function configuration({ ports, password, domain }: TestServer, folder: WorkFolder): string {
  return `FSync no
IMAPAccount capri
Host localhost
Port ${ports.imaps}
User ala@${domain}
Pass ${password}
SSLType IMAPS
CertificateFile ${folder.caFile}

IMAPStore far
Account capri

MaildirStore near
Path ${folder.path}/mail/
Inbox ${folder.path}/mail/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns INBOX lists projekty lists/* Archive
Create Both
Remove Both
Expunge Both
Sync All
SyncState ${folder.path}/state-
CopyArrivalDate yes
`;
}
