/** 600 accounts on all threads at once: every id is unique on the whole server, and nobody ever sees another's mail. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ImapClient, Pop3Client, SmtpClient } from '../support/line-client.ts';
import { startServer, type TestServer } from '../support/server.ts';

const ACCOUNTS = 600;
const SENDERS = 12;
const READERS = 12;

test('ids are unique and mailboxes apart with 600 accounts on all threads', { timeout: 300_000 }, async () => {
  const logins = Array.from({ length: ACCOUNTS }, (_, index) => `k${index + 1}`);
  await using server = await startServer({ accounts: logins, config: '[threads]\nprotocol = 3\n' });
  await Promise.all(share(logins, SENDERS).map((part) => send(server, part)));

  const ids = new Map<string, string>();
  const strangers: string[] = [];
  await Promise.all(
    share(logins, READERS).map(async (part) => {
      for (const login of part) await read(server, login, ids, strangers);
    }),
  );
  assert.deepEqual(strangers, []);
  // For each account six mailboxes at least, two messages, two conversations, two POP3 names.
  assert.ok(ids.size >= ACCOUNTS * 10, `only ${ids.size} different ids for ${ACCOUNTS} accounts`);
});

/** One message for each account alone, and one for all of this part together. */
async function send(server: TestServer, logins: readonly string[]): Promise<void> {
  const client = await SmtpClient.connect(server.ports.smtp, { tls: false });
  for (const login of logins) {
    const reply = await client.deliver('s@outside.example', [`${login}@${server.domain}`], message(`own ${login}`));
    assert.ok(reply.isOk, reply.lines.join());
  }
  const reply = await client.deliver(
    's@outside.example',
    logins.map((login) => `${login}@${server.domain}`),
    message(`shared ${logins.join('.')}`),
  );
  assert.ok(reply.isOk, reply.lines.join());
  client.close();
}

async function read(server: TestServer, login: string, ids: Map<string, string>, strangers: string[]): Promise<void> {
  const note = (id: string | undefined): void => {
    if (id === undefined) strangers.push(`${login}: an id is missing`);
    else if (ids.has(id)) strangers.push(`${id} belongs to ${ids.get(id)} and ${login}`);
    else ids.set(id, login);
  };
  const imap = await ImapClient.connect(server.ports.imaps, login, server.password);
  const { untagged: mailboxes } = await imap.command('LIST "" "*" RETURN (STATUS (MAILBOXID))');
  for (const line of mailboxes) if (line.includes('STATUS')) note(/MAILBOXID \((\w+)\)/.exec(line)?.[1]);
  await imap.command('SELECT INBOX');
  const { untagged } = await imap.command('FETCH 1:* (EMAILID THREADID BODY.PEEK[HEADER.FIELDS (SUBJECT)])');
  const subjects = untagged.filter((line) => line.includes('FETCH'));
  if (subjects.length !== 2) strangers.push(`${login} has ${subjects.length} messages`);
  for (const line of subjects) {
    note(/EMAILID \((\w+)\)/.exec(line)?.[1]);
    note(/THREADID \((\w+)\)/.exec(line)?.[1]);
    const subject = /Subject: (\w+) ([\w.]+)/.exec(line);
    if (!subject?.[2]?.split('.').includes(login)) strangers.push(`${login} sees "${subject?.[0]}"`);
  }
  imap.close();
  const pop3 = await Pop3Client.connect(server.ports.pop3s, login, server.password);
  const { lines } = await pop3.command('UIDL', { multiline: true });
  if (lines.length !== 3) strangers.push(`${login} has ${lines.length - 1} messages over POP3`);
  // The POP3 name of a message is its EMAILID: known already, and this account's.
  for (const id of lines.slice(1).map((line) => line.split(' ')[1] ?? ''))
    if (ids.get(id) !== login) strangers.push(`${login}: UIDL ${id} belongs to ${ids.get(id)}`);
  pop3.close();
}

function message(subject: string): string {
  return [`From: s@outside.example`, `Subject: ${subject}`, `Message-ID: <${subject.slice(0, 40).replaceAll(' ', '-')}@outside.example>`, '', 'text'].join(
    '\r\n',
  );
}

function share<T>(items: readonly T[], parts: number): T[][] {
  return Array.from({ length: parts }, (_, part) => items.filter((_item, index) => index % parts === part));
}
