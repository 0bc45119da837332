import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AccountId, MailboxId } from '#core/ids.ts';
import { objectId } from '#core/ids.ts';
import { setState } from '#directory/accounts.ts';
import { RateLimiter } from '#net/rate-limit.ts';
import { copyMessages } from '#store/copy-messages.ts';
import { expunge } from '#store/expunge.ts';
import { TRAIL_MUTATIONS } from '#trail/mutations.ts';
import { addTestAccount, openTestDirectory, type TestDirectory } from '../../test/support/directory.ts';
import { LineClient, type ServedDoor, serveDoor } from '../../test/support/net.ts';
import { appendTexts, mailboxId, sampleText } from '../../test/support/store.ts';
import { playTranscript, transcriptsOf } from '../../test/support/transcript.ts';
import { servePop3 } from './serve.ts';
import type { Pop3Services } from './services.ts';
import { DEFAULT_POP3_SETTINGS } from './services.ts';

const DOTS = 'Subject: dots\r\n\r\n.\r\n.one\r\ntwo..\r\n..\r\nno end';
const TEXTS = [sampleText(1), sampleText(2), sampleText(3), DOTS];

for (const { name, text } of transcriptsOf('pop3')) {
  test(`POP3 conversation: ${name}`, async () => {
    await using place = await servedInbox(TEXTS);
    const variables: Record<string, string> = { total: String(TEXTS.join('').length), long: '1'.repeat(70_000) };
    for (const [index, content] of TEXTS.entries()) {
      variables[`size${index + 1}`] = String(content.length);
      variables[`uidl${index + 1}`] = objectId('email', place.emails[index] as never);
    }
    await playTranscript(text, { port: place.door.port, variables });
  });
}

test('a message that IMAP removes meanwhile is served while it exists, and mail that arrives changes nothing', async () => {
  await using place = await servedInbox(TEXTS);
  using client = await signedIn(place);
  await place.store.commit(expunge, { account: place.account, mailbox: place.inbox, uids: '2', onlyDeleted: false, nowMs: place.clock.nowMs() });
  await appendTexts(place.store, place.account, place.inbox, [sampleText(5)]);
  assert.deepEqual(await retrieve(client, 1), TEXTS[0]);
  assert.deepEqual(await retrieve(client, 2), TEXTS[1]);
  assert.deepEqual(await retrieve(client, 3), TEXTS[2]);
  client.send('STAT\r\nDELE 2\r\nQUIT\r\n');
  assert.match(await client.line(), /^\+OK 4 /);
  assert.match(await client.line(), /^\+OK /);
  assert.match(await client.line(), /^\+OK /);
  using base = await place.store.openMailbox(place.inbox);
  assert.deepEqual([...base.uids.subarray(0, base.length)], [1, 3, 4, 5]);
});

test('UIDLs differ for copies of one message in INBOX', async () => {
  await using place = await servedInbox(TEXTS.slice(0, 2));
  const { store, account, inbox } = place;
  const archive = await mailboxId(store, account, 'Archive');
  const nowMs = place.clock.nowMs();
  await store.commit(copyMessages, { account, from: inbox, to: archive, uids: '1', nowMs });
  await store.commit(copyMessages, { account, from: archive, to: inbox, uids: '1', nowMs });
  using client = await signedIn(place);
  client.send('UIDL\r\nUIDL 3\r\n');
  const first = objectId('email', place.emails[0] as never);
  const lines = await client.linesUntil((line) => line.startsWith('+OK 3'));
  assert.deepEqual(lines, ['+OK Listing follows', `1 ${first}`, `2 ${objectId('email', place.emails[1] as never)}`, `3 ${first}-3`, '.', `+OK 3 ${first}-3`]);
  await store.commit(expunge, { account, mailbox: inbox, uids: '3', onlyDeleted: false, nowMs });
  client.send('UIDL 3\r\n');
  assert.equal(await client.line(), `+OK 3 ${first}-3`);
});

test('a large message comes whole, byte for byte, and so do many small ones in a pipeline', async () => {
  const large = `Subject: large\r\n\r\n${Array.from({ length: 40_000 }, (_, n) => (n % 3 === 0 ? `.line ${n} ${'x'.repeat(n % 90)}` : `line ${n}`)).join('\r\n')}\r\n`;
  const small = Array.from({ length: 600 }, (_, n) => sampleText(n));
  await using place = await servedInbox([...small, large, sampleText(601)]);
  using client = await signedIn(place);
  assert.ok(large.length > 2 ** 20);
  client.send(Array.from({ length: 602 }, (_, n) => `RETR ${n + 1}\r\n`).join(''));
  for (const text of [...small, large, sampleText(601)]) assert.equal(await readMessage(client), text);
  client.send('TOP 601 3\r\n');
  assert.equal(await readMessage(client), large.split('\r\n').slice(0, 5).join('\r\n') + '\r\n');
});

test('a dot behind a bare line feed is doubled too, so that no message can end its own reply', async () => {
  const evil = 'Subject: evil\r\n\r\nx\n.\n+OK 0 octets\r\n';
  await using place = await servedInbox([evil]);
  using client = await signedIn(place);
  client.send('RETR 1\r\n');
  const lines = await client.linesUntil((line) => line === '.');
  assert.deepEqual(lines.slice(1), ['Subject: evil', '', 'x\n..\n+OK 0 octets', '.']);
});

test('QUIT removes many messages at once', async () => {
  await using place = await servedInbox(Array.from({ length: 2500 }, (_, n) => sampleText(n)));
  using client = await signedIn(place);
  client.send(Array.from({ length: 2400 }, (_, n) => `DELE ${n + 1}\r\n`).join(''));
  client.send('QUIT\r\n');
  for (let n = 0; n < 2400; n++) assert.match(await client.line(), /^\+OK/);
  assert.equal(await client.line(), '+OK Goodbye, the marked messages are removed');
  using base = await place.store.openMailbox(place.inbox);
  assert.equal(base.length, 100);
});

test('a sign-in too soon is refused only where that is configured, after the burst', async () => {
  const clock = { nowMs: () => 1e12 };
  await using place = await servedInbox(TEXTS, { loginDelay: new RateLimiter({ burst: 2, intervalMs: 300_000 }, clock) });
  const attempt = async (): Promise<string> => {
    using client = await LineClient.tls(place.door.port);
    await client.line();
    client.send('USER jan\r\nPASS jan-password\r\n');
    await client.line();
    return await client.line();
  };
  assert.deepEqual(
    [await attempt(), await attempt(), await attempt()],
    ['+OK Signed in', '+OK Signed in', '-ERR [LOGIN-DELAY] You have signed in a moment ago: try again later'],
  );
});

test('no delay between sign-ins is told where none is wanted', async () => {
  await using place = await servedInbox(TEXTS, {
    settings: { ...DEFAULT_POP3_SETTINGS, hostname: 'mail.example.test', version: '0.1.0', loginDelaySeconds: 0 },
  });
  using client = await LineClient.tls(place.door.port);
  client.send('CAPA\r\nQUIT\r\n');
  const answer = await client.rest();
  assert.match(answer, /\r\nEXPIRE NEVER\r\n/);
  assert.doesNotMatch(answer, /LOGIN-DELAY/);
});

test('an account that is disabled loses its sessions', async () => {
  await using place = await servedInbox(TEXTS);
  using client = await signedIn(place);
  await place.store.commit(setState, { account: place.account, state: 'disabled' });
  client.send('STAT\r\n');
  assert.equal(await client.rest(), '-ERR [AUTH] The account was changed: sign in again\r\n');
});

test('a silent client is told so and nothing is removed', async () => {
  await using place = await servedInbox(TEXTS, { settings: { ...DEFAULT_POP3_SETTINGS, hostname: 'mail.example.test', version: '0.1.0', idleTimeoutMs: 300 } });
  using client = await signedIn(place);
  client.send('DELE 1\r\n');
  assert.equal(await client.rest(), '+OK Message marked for removal\r\n-ERR Silent for too long\r\n');
  using base = await place.store.openMailbox(place.inbox);
  assert.equal(base.length, 4);
});

interface ServedInbox extends TestDirectory {
  readonly door: ServedDoor;
  readonly account: AccountId;
  readonly inbox: MailboxId;
  readonly emails: readonly number[];
}

/** A POP3 door over an account `jan` whose INBOX holds these messages; pop3s unless the transcript begins plain. */
async function servedInbox(texts: readonly string[], services: Partial<Pop3Services> = {}): Promise<ServedInbox> {
  const place = await openTestDirectory({ mutations: TRAIL_MUTATIONS });
  const account = await addTestAccount(place, 'jan');
  const inbox = await mailboxId(place.store, account, 'INBOX');
  const emails: number[] = [];
  for (let first = 0; first < texts.length; first += 500) {
    emails.push(...(await appendTexts(place.store, account, inbox, texts.slice(first, first + 500))).map(({ email }) => email));
  }
  const all: Pop3Services = {
    store: place.store,
    directory: place.people,
    log: place.log,
    clock: place.clock,
    settings: { ...DEFAULT_POP3_SETTINGS, hostname: 'mail.example.test', version: '0.1.0' },
    loginDelay: undefined,
    ...services,
  };
  const isPlain = Object.keys(services).length === 0;
  const door = await serveDoor((connection) => servePop3(connection, all), { name: isPlain ? 'pop3' : 'pop3s', implicitTls: !isPlain });
  return {
    ...place,
    door,
    account,
    inbox,
    emails,
    [Symbol.asyncDispose]: async () => {
      await door.close();
      await place[Symbol.asyncDispose]();
    },
  };
}

async function signedIn({ door }: ServedInbox): Promise<LineClient> {
  const isPlain = door.listener.name === 'pop3';
  const client = await (isPlain ? LineClient.plain(door.port) : LineClient.tls(door.port));
  await client.line();
  if (isPlain) {
    client.send('STLS\r\n');
    await client.line();
    await client.startTls();
  }
  client.send('USER jan\r\nPASS jan-password\r\n');
  await client.line();
  assert.equal(await client.line(), '+OK Signed in');
  return client;
}

async function retrieve(client: LineClient, number: number): Promise<string> {
  client.send(`RETR ${number}\r\n`);
  return readMessage(client);
}

/** A multi-line reply, its dots taken off. */
async function readMessage(client: LineClient): Promise<string> {
  const [status = '', ...lines] = await client.linesUntil((line) => line === '.' || line.startsWith('-ERR'));
  assert.match(status, /^\+OK/);
  return lines
    .slice(0, -1)
    .map((line) => `${line.startsWith('.') ? line.slice(1) : line}\r\n`)
    .join('');
}
