/** fetchmail and getmail over POP3S and over POP3 with STLS: leaving mail on the server, and taking it away. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { test } from 'node:test';
import { ImapClient } from '../support/line-client.ts';
import { plainMessage } from '../support/mail-sides.ts';
import { needs, program } from '../support/outside.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { openWorkFolder, type WorkFolder } from '../support/work-folder.ts';

const COUNT = 25;

for (const tls of ['POP3S', 'STLS'] as const) {
  test(`fetchmail over ${tls} keeps, and deletes`, { ...needs(program('fetchmail')), timeout: 120_000 }, async () => {
    await using server = await startServer({ accounts: ['ala'] });
    using folder = openWorkFolder(server);
    const texts = await fill(server);
    // 0: mail was fetched; 1: there was none.
    const fetch = async (how: 'keep' | 'nokeep'): Promise<number> => {
      folder.write('fetchmailrc', fetchmailConfiguration(server, folder, tls, how));
      const { status, output } = await folder.run('fetchmail', ['--nosyslog', '--nodetach', '-f', folder.file('fetchmailrc'), '--pidfile', folder.file('pid')]);
      assert.ok(status === 0 || status === 1, output);
      return status;
    };

    assert.equal(await fetch('keep'), 0);
    assert.deepEqual(delivered(folder), texts);
    assert.equal(await fetch('keep'), 1);
    assert.equal(delivered(folder).length, COUNT, 'the second run fetches nothing');
    assert.equal(await messagesIn(server), COUNT);

    await append(server, ['late']);
    assert.equal(await fetch('nokeep'), 0);
    assert.equal(delivered(folder).length, COUNT + 1, 'only the new one came');
    assert.equal(await fetch('nokeep'), 1);
    // What was left there by earlier runs was seen then: fetchmail takes away only what it fetches, unless told to flush.
    assert.equal(await messagesIn(server), COUNT);
    await folder.run('fetchmail', ['--nosyslog', '--nodetach', '--flush', '-f', folder.file('fetchmailrc'), '--pidfile', folder.file('pid')]);
    assert.equal(await messagesIn(server), 0);
    assert.equal(delivered(folder).length, COUNT + 1);
  });
}

test('getmail over POP3S keeps, and deletes', { ...needs(program('getmail')), timeout: 120_000 }, async () => {
  await using server = await startServer({ accounts: ['ala'] });
  using folder = openWorkFolder(server);
  const texts = await fill(server);
  fs.mkdirSync(folder.file('getmail'));
  const fetch = async (how: 'keep' | 'delete'): Promise<string> => {
    folder.write('getmail/getmailrc', getmailConfiguration(server, folder, how));
    const { status, output } = await folder.run('getmail', ['--getmaildir', folder.file('getmail'), '--rcfile', 'getmailrc']);
    assert.equal(status, 0, output);
    return output;
  };

  assert.match(await fetch('keep'), new RegExp(`\\b${COUNT} messages`));
  assert.deepEqual(delivered(folder), texts);
  assert.match(await fetch('keep'), /\b0 messages/);
  assert.equal(delivered(folder).length, COUNT);
  assert.equal(await messagesIn(server), COUNT);

  await append(server, ['late']);
  await fetch('delete');
  assert.equal(delivered(folder).length, COUNT + 1);
  assert.equal(await messagesIn(server), 0);
});

async function fill(server: TestServer): Promise<readonly string[]> {
  return append(
    server,
    Array.from({ length: COUNT }, (_, number) => `fetch-${String(number).padStart(2, '0')}`),
  );
}

/** Resolves with the texts as a Unix program should get them. */
async function append(server: TestServer, ids: readonly string[]): Promise<readonly string[]> {
  const imap = await ImapClient.connect(server.ports.imaps, 'ala', server.password);
  for (const id of ids) assert.ok((await imap.command('APPEND INBOX', plainMessage(id))).isOk);
  imap.close();
  return ids.map((id) => withoutTrace(plainMessage(id).replaceAll('\r\n', '\n')));
}

async function messagesIn(server: TestServer): Promise<number> {
  const imap = await ImapClient.connect(server.ports.imaps, 'ala', server.password);
  const { untagged } = await imap.command('STATUS INBOX (MESSAGES)');
  imap.close();
  return Number(/MESSAGES (\d+)/.exec(untagged.join(''))?.[1]);
}

/** Every message that was written, without what the fetching program put in front, in order. */
function delivered(folder: WorkFolder): readonly string[] {
  return fs
    .readdirSync(folder.file('got'))
    .map((name) => withoutTrace(folder.read(`got/${name}`).replaceAll('\r\n', '\n')))
    .toSorted();
}

/** Both programs put trace fields before the message and leave the rest alone. */
function withoutTrace(text: string): string {
  return text.slice(text.search(/^From: /m));
}

function fetchmailConfiguration({ ports, password, domain }: TestServer, folder: WorkFolder, tls: 'POP3S' | 'STLS', how: string): string {
  fs.mkdirSync(folder.file('got'), { recursive: true });
  // With a version named, STLS is demanded.
  const secure = tls === 'POP3S' ? 'ssl' : 'sslproto "TLS1.2+"';
  return `set no bouncemail
set idfile "${folder.file('ids')}"
poll localhost protocol POP3 port ${tls === 'POP3S' ? ports.pop3s : ports.pop3} uidl
  user "ala@${domain}" password "${password}" ${secure} sslcertck sslcertfile "${folder.caFile}" ${how}
  mda "cat > ${folder.path}/got/$(date +%s.%N)"
`;
}

function getmailConfiguration({ ports, password, domain }: TestServer, folder: WorkFolder, how: string): string {
  fs.mkdirSync(folder.file('got'), { recursive: true });
  return `[retriever]
type = SimplePOP3SSLRetriever
server = localhost
port = ${ports.pop3s}
username = ala@${domain}
password = ${password}
ca_certs = ${folder.caFile}
[destination]
type = MDA_external
path = /bin/sh
arguments = ('-c', 'cat > ${folder.path}/got/$(date +%s.%N)')
allow_root_commands = true
[options]
delete = ${how === 'delete'}
read_all = false
`;
}
