/** mutt in a pseudo-terminal and msmtp: sending through submission, reading an IMAP mailbox, every way to sign in. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { ImapClient } from '../support/line-client.ts';
import { plainMessage } from '../support/mail-sides.ts';
import { needs, program } from '../support/outside.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { openWorkFolder, type WorkFolder } from '../support/work-folder.ts';

test('mutt sends with an attachment and reads, marks and deletes over IMAP', { ...needs(program('mutt'), program('script')), timeout: 180_000 }, async () => {
  await using server = await startServer({ accounts: ['ala', 'olek'] });
  using folder = openWorkFolder(server);
  const attachment = randomBytes(20_000);
  folder.write('attachment.bin', attachment.toString('latin1'));
  for (const [secure, url] of Object.entries({
    STARTTLS: `smtp://ala%40capri.test@localhost:${server.ports.submission}/`,
    TLS: `smtps://ala%40capri.test@localhost:${server.ports.submissions}/`,
  })) {
    folder.write('muttrc', muttConfiguration(server, folder, url));
    const { status, output } = await folder.run(
      'mutt',
      ['-n', '-F', folder.file('muttrc'), '-s', `Zażółć gęślą ${secure}`, '-a', folder.file('attachment.bin'), '--', 'olek@capri.test'],
      { input: 'Pchnąć w tę łódź jeża.\n' },
    );
    assert.equal(status, 0, output);
  }
  const sent = await messages(server, 'olek', 'INBOX');
  assert.equal(sent.length, 2);
  for (const text of sent) {
    assert.match(text, /^Subject: =\?utf-8\?/im);
    const encoded = /filename="?attachment\.bin"?[^]*?\r\n\r\n([A-Za-z0-9+/=\r\n]+)\r\n--/.exec(text)?.[1] ?? '';
    assert.equal(Buffer.from(encoded, 'base64').toString('utf8'), attachment.toString('latin1'), 'the attachment arrives octet by octet');
  }

  const imap = await ImapClient.connect(server.ports.imaps, 'ala', server.password);
  await imap.command('CREATE praca');
  for (let number = 0; number < 40; number++) await imap.command('APPEND praca', plainMessage(`mutt-${String(number).padStart(2, '0')}`));
  imap.close();
  for (const url of [`imaps://localhost:${server.ports.imaps}/`, `imap://localhost:${server.ports.imap}/`]) {
    const copy = folder.file(`copy-${url.split(':')[0]}`);
    // Copies everything to a local mbox, flags one message, deletes another one, and leaves with a sync.
    const flag = url.startsWith('imaps') ? '<flag-message>' : '';
    await inMutt(
      server,
      folder,
      `${url}praca`,
      `<tag-pattern>~A<enter><tag-prefix><copy-message>${copy}<enter><untag-pattern>~A<enter><first-entry>${flag}<last-entry><delete-message><sync-mailbox><exit>`,
    );
    assert.ok(folder.exists(copy.slice(folder.path.length + 1)), 'mutt wrote the copies');
  }
  const first = folder.read('copy-imaps');
  assert.equal(first.match(/^Subject: mutt-\d\d$/gm)?.length, 40);
  assert.equal(folder.read('copy-imap').match(/^Subject: mutt-\d\d$/gm)?.length, 39);
  assert.match(first, /^From the beginning|^>From the beginning/m);
  const after = await ImapClient.connect(server.ports.imaps, 'ala', server.password);
  await after.command('EXAMINE praca');
  assert.match((await after.command('SEARCH FLAGGED')).untagged.join(), /^\* SEARCH 1\b/);
  assert.match((await after.command('STATUS praca (MESSAGES)')).untagged.join(), /MESSAGES 38/);
  after.close();
});

test('msmtp signs in every way over both kinds of TLS', { ...needs(program('msmtp')), timeout: 120_000 }, async () => {
  await using server = await startServer({ accounts: ['olek'] });
  using folder = openWorkFolder(server);
  // SCRAM needs keys, which only passwords made by the server have; it is offered while everybody has them.
  const password = await generatedPassword(server, 'account', 'add', 'ala');
  for (const login of ['olek', 'admin']) await generatedPassword(server, 'account', 'passwd', login);
  const texts: string[] = [];
  for (const [kind, port] of [
    ['on', server.ports.submissions],
    ['starttls', server.ports.submission],
  ] as const) {
    for (const mechanism of ['plain', 'login', 'scram-sha-256', 'on']) {
      folder.write('msmtprc', msmtpConfiguration(server, folder, { port, isStartTls: kind === 'starttls', mechanism, password }));
      const text = `From: ala@capri.test\nTo: ala@capri.test\nSubject: ${kind} ${mechanism}\n\n.\n..two\nzażółć\n`;
      const { status, output } = await folder.run('msmtp', ['-C', folder.file('msmtprc'), 'ala@capri.test'], { input: text });
      assert.equal(status, 0, `${kind} ${mechanism}: ${output}`);
      texts.push(text.slice(text.indexOf('Subject: ')).replaceAll('\n', '\r\n'));
    }
  }
  const arrived = await messages(server, 'ala', 'INBOX', password);
  assert.deepEqual(
    arrived.map((text) =>
      Buffer.from(text.slice(text.indexOf('Subject: ')), 'latin1')
        .toString('utf8')
        .replace(/^(?:Date|Message-ID): .*\r\n/gim, ''),
    ),
    texts,
  );
  folder.write(
    'msmtprc',
    msmtpConfiguration(server, folder, { port: server.ports.submission, isStartTls: true, mechanism: 'scram-sha-256', password: 'wrong' }),
  );
  const { status } = await folder.run('msmtp', ['-C', folder.file('msmtprc'), 'ala@capri.test'], { input: 'Subject: x\n\nx\n' });
  assert.notEqual(status, 0);
  assert.equal((await messages(server, 'ala', 'INBOX', password)).length, texts.length);
});

async function inMutt(server: TestServer, folder: WorkFolder, mailbox: string, keys: string): Promise<void> {
  folder.write('muttrc', muttConfiguration(server, folder, 'smtp://unused/'));
  const command = `mutt -n -F ${folder.file('muttrc')} -f ${mailbox} -e 'push "${keys}"'`;
  const { output } = await folder.run('script', ['-qec', command, '/dev/null'], { env: { TERM: 'xterm' }, timeoutMs: 30_000 });
  assert.doesNotMatch(output, /Could not|failed|rejected/i);
}

async function generatedPassword(server: TestServer, ...command: readonly string[]): Promise<string> {
  const { status, output } = await server.capri(...command, '--json');
  assert.equal(status, 0, output);
  const { password } = JSON.parse(output) as { readonly password: string };
  return password;
}

/** Every message of a mailbox, as Latin-1. */
async function messages(server: TestServer, login: string, mailbox: string, password: string = server.password): Promise<readonly string[]> {
  const imap = await ImapClient.connect(server.ports.imaps, login, password);
  await imap.command(`EXAMINE ${mailbox}`);
  const { untagged } = await imap.command('FETCH 1:* BODY.PEEK[]');
  imap.close();
  return untagged.filter((response) => response.includes(' FETCH ')).map((response) => response.slice(response.indexOf('\r\n') + 2, -1));
}

function muttConfiguration({ password }: TestServer, folder: WorkFolder, smtpUrl: string): string {
  return `set ssl_force_tls=yes ssl_starttls=yes ssl_verify_host=yes ssl_ca_certificates_file="${folder.caFile}" ssl_use_sslv3=no
set from="ala@capri.test" realname="Ala Nowak" use_from=yes charset=utf-8 send_charset="us-ascii:utf-8"
set smtp_url="${smtpUrl}" smtp_pass="${password}"
set imap_user="ala@capri.test" imap_pass="${password}"
set folder="${folder.path}" record="" copy=no confirmappend=no confirmcreate=no delete=yes quit=yes header_cache="" timeout=5 mail_check=5
`;
}

interface Account {
  readonly port: number;
  readonly isStartTls: boolean;
  readonly mechanism: string;
  readonly password: string;
}

function msmtpConfiguration(_server: TestServer, folder: WorkFolder, { port, isStartTls, mechanism, password }: Account): string {
  return `account default
host localhost
port ${port}
tls on
tls_starttls ${isStartTls ? 'on' : 'off'}
tls_trust_file ${folder.caFile}
auth ${mechanism}
user ala@capri.test
password ${password}
from ala@capri.test
`;
}
