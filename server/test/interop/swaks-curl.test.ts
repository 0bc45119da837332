/** swaks and curl: TLS with a verified certificate, plain text refused, extensions of SMTP, refusals. Judged by what has arrived. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ImapClient } from '../support/line-client.ts';
import { plainMessage } from '../support/mail-sides.ts';
import { needs, program } from '../support/outside.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { openWorkFolder } from '../support/work-folder.ts';

test('swaks: what port 25 and submission accept and refuse', { ...needs(program('swaks')), timeout: 120_000 }, async () => {
  await using server = await startServer({ accounts: ['ala', 'olek'] });
  using folder = openWorkFolder(server);
  const { smtp, submission, submissions } = server.ports;
  const swaks = async (port: number, subject: string, ...more: readonly string[]): Promise<string> => {
    const to = more.includes('--to') ? [] : ['--to', 'olek@capri.test'];
    const common = ['--server', `localhost:${port}`, ...to, '--header', `Subject: ${subject}`, '--tls-ca-path', folder.caFile, '--timeout', '20'];
    const { output } = await folder.run('swaks', [...common, ...more]);
    return output;
  };
  const from = (address: string): readonly string[] => ['--from', address];
  const outside = from('x@outside.example');
  const signedIn = ['--auth-user', 'ala', '--auth-password', server.password, ...from('ala@capri.test')];
  const verified = ['--tls-verify', '--tls-protocol'];

  const plain = await swaks(smtp, 'plain', ...outside);
  for (const extension of ['PIPELINING', 'SIZE 52428800', '8BITMIME', 'SMTPUTF8', 'ENHANCEDSTATUSCODES', 'CHUNKING', 'STARTTLS']) {
    assert.match(plain, new RegExp(`^<- {2}250[- ]${extension}`, 'm'));
  }
  assert.doesNotMatch(plain, /AUTH|BINARYMIME/);
  await swaks(smtp, 'pipelined', ...outside, '--pipeline');
  assert.match(await swaks(smtp, 'starttls-12', ...outside, '--tls', ...verified, 'tlsv1_2'), /TLS started with cipher TLSv1\.2/);
  assert.match(await swaks(smtp, 'starttls-13', ...outside, '--tls', ...verified, 'tlsv1_3'), /TLS started with cipher TLSv1\.3/);
  await swaks(smtp, 'pipelined-tls', ...outside, '--pipeline', '--tls', '--tls-verify');
  await swaks(smtp, 'bounce', ...from('<>'));
  for (const mechanism of ['PLAIN', 'LOGIN']) {
    await swaks(submission, `587-${mechanism}`, '--tls', '--tls-verify', '--auth', mechanism, ...signedIn);
    await swaks(submissions, `465-${mechanism}`, '--tlsc', '--tls-verify', '--auth', mechanism, ...signedIn);
  }
  await swaks(submissions, 'alias-detail', '--tlsc', '--auth', 'PLAIN', ...signedIn, '--to', 'olek+praca@capri.test');
  const arrived = [
    'plain',
    'pipelined',
    'starttls-12',
    'starttls-13',
    'pipelined-tls',
    'bounce',
    '587-PLAIN',
    '465-PLAIN',
    '587-LOGIN',
    '465-LOGIN',
    'alias-detail',
  ];
  assert.deepEqual((await subjects(server, 'olek')).toSorted(), arrived.toSorted());

  const refusals: ReadonlyArray<readonly [RegExp, Promise<string>]> = [
    [/<\*\* 550 5\.7\.1/, swaks(smtp, 'relay', ...outside, '--to', 'x@elsewhere.example')],
    [/<\*\* 550 5\.1\.1/, swaks(smtp, 'unknown', ...outside, '--to', 'nobody@capri.test')],
    [/<\*\* 530 5\.7\.0 Must issue/, swaks(submission, 'clear', ...from('ala@capri.test'))],
    [/did not advertise authentication/, swaks(submission, 'clear-auth', '--auth', 'PLAIN', ...signedIn)],
    [/<~\* 530 5\.7\.0 Auth/, swaks(submission, 'no-auth', '--tls', ...from('ala@capri.test'))],
    [/<~\* 535 5\.7\.8/, swaks(submission, 'wrong', '--tls', '--auth', 'PLAIN', '--auth-user', 'ala', '--auth-password', 'wrong', ...from('ala@capri.test'))],
    [/<~\* 553 5\.7\.1/, swaks(submission, 'other', '--tls', '--auth', 'PLAIN', ...signedIn, ...from('olek@capri.test'))],
    [/<~\* 55\d 5\.7\.1/, swaks(submission, 'header', '--tls', '--auth', 'PLAIN', ...signedIn, '--h-From', 'olek@capri.test')],
  ];
  for (const [pattern, output] of refusals) assert.match(await output, pattern);
  assert.equal((await subjects(server, 'olek')).length, arrived.length, 'what was refused has not arrived');
});

test('curl: IMAP, POP3 and SMTP with a verified certificate, over both kinds of TLS', { ...needs(program('curl')), timeout: 120_000 }, async () => {
  await using server = await startServer({ accounts: ['ala', 'olek'] });
  using folder = openWorkFolder(server);
  const { ports } = server;
  const curl = (...more: readonly string[]): Promise<{ status: number; output: string }> =>
    folder.run('curl', ['--silent', '--show-error', '--cacert', folder.caFile, '--max-time', '30', ...more]);
  const ok = async (...more: readonly string[]): Promise<string> => {
    const { status, output } = await curl('--user', `ala@capri.test:${server.password}`, ...more);
    assert.equal(status, 0, `${more.join(' ')}: ${output}`);
    return output;
  };
  const message = plainMessage('curl').replace('From: Ola <ola@outside.example>', 'From: ala@capri.test');
  folder.write('message', message);
  const doors = {
    imap: [['--ssl-reqd', `imap://localhost:${ports.imap}`], [`imaps://localhost:${ports.imaps}`]],
    pop3: [['--ssl-reqd', `pop3://localhost:${ports.pop3}`], [`pop3s://localhost:${ports.pop3s}`]],
    smtp: [['--ssl-reqd', `smtp://localhost:${ports.submission}/client.example`], [`smtps://localhost:${ports.submissions}/client.example`]],
  };

  for (const door of doors.smtp) await ok(...door, '--mail-from', 'ala@capri.test', '--mail-rcpt', 'ala@capri.test', '--upload-file', folder.file('message'));
  for (const [options, url = options] of doors.imap.map((door) => (door.length === 2 ? door : ['--ssl', ...door]) as [string, string])) {
    assert.match(await ok(options, `${url}/`), /\* LIST \(.*\) "\/" "?INBOX/);
    const whole = await ok(options, `${url}/INBOX;MAILINDEX=1`);
    assert.equal(whole.slice(whole.indexOf('From: ')), message.slice(message.indexOf('From: ')));
    assert.match(await ok(options, `${url}/INBOX;MAILINDEX=2;SECTION=HEADER.FIELDS%20(SUBJECT)`), /^Subject: curl/);
    assert.match(await ok(options, `${url}/INBOX?SUBJECT%20curl`), /\* SEARCH 1 2/);
    for (const mechanism of ['PLAIN', 'LOGIN']) await ok(options, '--login-options', `AUTH=${mechanism}`, '--sasl-ir', `${url}/`);
    await ok(options, '--upload-file', folder.file('message'), `${url}/Drafts`);
  }
  for (const door of doors.pop3) {
    const [url = '', ...options] = door.toReversed();
    assert.match(await ok(...options, `${url}/`), /^1 \d+\r\n2 \d+\r\n/);
    const whole = await ok(...options, `${url}/2`);
    assert.equal(whole.slice(whole.indexOf('From: ')), message.slice(message.indexOf('From: ')));
    await ok(...options, '--request', 'UIDL', `${url}/`);
  }

  const user = ['--user', `ala:${server.password}`];
  const wrong = ['--user', 'ala:wrong'];
  const mail = ['--mail-from', 'ala@capri.test', '--mail-rcpt', 'ala@capri.test', '--upload-file', folder.file('message')];
  const refused: ReadonlyArray<readonly string[]> = [
    [...user, `imap://localhost:${ports.imap}/`],
    [...user, `pop3://localhost:${ports.pop3}/`],
    [...user, ...mail, `smtp://localhost:${ports.submission}/client.example`],
    [...wrong, `imaps://localhost:${ports.imaps}/`],
    [...wrong, `pop3s://localhost:${ports.pop3s}/`],
    [...wrong, ...mail, `smtps://localhost:${ports.submissions}/client.example`],
    ['--tls-max', '1.1', '--ciphers', 'DEFAULT@SECLEVEL=0', ...user, `imaps://localhost:${ports.imaps}/`],
    // The certificate names no such host.
    ['--resolve', `other.example:${ports.imaps}:127.0.0.1`, ...user, `imaps://other.example:${ports.imaps}/`],
  ];
  for (const command of refused) assert.notEqual((await curl(...command)).status, 0, command.join(' '));
});

async function subjects(server: TestServer, login: string): Promise<readonly string[]> {
  const imap = await ImapClient.connect(server.ports.imaps, login, server.password);
  await imap.command('EXAMINE INBOX');
  const { untagged } = await imap.command('FETCH 1:* BODY.PEEK[HEADER.FIELDS (SUBJECT)]');
  imap.close();
  return untagged.flatMap((response) => /^Subject: (.*)\r$/m.exec(response)?.[1] ?? []);
}
