/** What users do on the command line for themselves, with the server running and stopped: with their password, and with nothing that is another's. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { createTransport } from 'nodemailer';
import { findAccountByLogin } from '#directory/accounts.ts';
import { listSignIns } from '#directory/sign-in-record.ts';
import { readConfig } from '#config/read.ts';
import { openOffline } from '#server/offline.ts';
import { type Finished, run } from '../support/outside.ts';
import { startServer, type TestServer } from '../support/server.ts';

const MAIN = path.resolve(import.meta.dirname, '../../src/main.ts');
const REFUSED = 'capri: Sign-in refused; with a second factor on, use an app password\n';

test('a user reads the trail of own mail, sees own mail that waits, keeps own forwards and changes the own password', { timeout: 120_000 }, async () => {
  await using server = await startServer({ accounts: ['ala', 'ola'], config: '[[queue.routes]]\ndomain = "away.test"\nhost = "127.0.0.1"\nport = 1\n' });
  const transport = createTransport({
    host: '127.0.0.1',
    port: server.ports.submissions,
    secure: true,
    tls: { ca: server.ca },
    auth: { user: 'ala', pass: server.password },
  });
  await transport.sendMail({ from: 'ala@capri.test', to: 'ola@capri.test, x@away.test', messageId: '<own.1@capri.test>', subject: 'x', text: 'x' });
  transport.close();

  for (const isRunning of [true, false]) {
    if (!isRunning) await server.stop();
    const trail = await as(server, 'ala', ['trail', 'own.1@capri.test', '--lang', 'en']);
    assert.match(trail.output, /Submitted by ala/, trail.output);
    const received = (await as(server, 'ola', ['trail', 'own.1@capri.test', '--lang', 'en'])).output;
    assert.match(received, /Delivered to ola's INBOX/);
    assert.doesNotMatch(received, /away\.test/);
    assert.match((await as(server, 'ala@capri.test', ['queue', 'list'])).output, /x@away\.test/);
    assert.equal((await as(server, 'ola', ['queue', 'list'])).output, 'The queue is empty, or nothing in it fits.\n');
    const target = `own-${isRunning}@away.test`;
    assert.match((await as(server, 'ala', ['forward', 'add', 'ala', target, '--no-copy'])).output, new RegExp(`^${target} was asked to agree`));
    assert.match((await as(server, 'ala', ['forward', 'list'])).output, new RegExp(`${target} +none +pending`));
    assert.equal((await as(server, 'ola', ['forward', 'list'])).output, 'There are no forwards.\n');
    assert.equal(
      (await as(server, 'ola', ['forward', 'remove', 'ala', target])).output,
      'capri: ala is not an address of this account\n',
      'whose it is is not for ola to know',
    );
    assert.equal((await as(server, 'ala', ['forward', 'remove', 'ala', target])).output, `Nothing is forwarded to ${target} any more.\n`);
  }

  await server.start();
  const changed = await as(server, 'ala', ['passwd'], `${server.password}\nanother word\n`);
  assert.deepEqual([changed.status, changed.output], [0, 'Account ala has another password.\n']);
  assert.deepEqual(await as(server, 'ala', ['forward', 'list']), { status: 1, output: REFUSED });
  const made = await as(server, 'ala', ['passwd', '--json'], 'another word\n');
  const { password } = JSON.parse(made.output) as { readonly password: string };
  assert.equal((await as(server, 'ala', ['forward', 'list'], `${password}\n`)).status, 0);
});

test('who has not the password has nothing, hears what every door says, and is counted as at every door', { timeout: 120_000 }, async () => {
  await using server = await startServer({ accounts: ['ala'], limits: 'sign_in_failures_per_account = 0' });
  for (const isRunning of [true, false]) {
    if (!isRunning) await server.stop();
    for (const [login, password] of [
      ['ala', 'wrong'],
      ['nobody', 'wrong'],
      ['nobody@elsewhere.test', server.password],
    ] as const)
      assert.deepEqual(await as(server, login, ['trail', 'x@away.test'], `${password}\n`), { status: 1, output: REFUSED }, login);
  }
  assert.deepEqual(await signInsOf(server, 'ala'), [['control', '127.0.0.1', 'wrong-password']]);
  await server.start();
});

test('what is for the administrator alone is refused before anything is asked, and a user signs in with a password', { timeout: 60_000 }, async () => {
  await using server = await startServer({ accounts: ['ala'] });
  for (const [words, line] of [
    [['trail', 'x@y.test', '--as', 'ola', '--login', 'ala'], '--as is for the administrator: --login shows what is its own anyway'],
    [['forward', 'add', 'ala', 'x@y.test', '--confirmed', '--login', 'ala'], '--confirmed is for the administrator: the target is asked'],
    [['forward', 'list', '--of', 'ola', '--login', 'ala'], '--of is for the administrator: --login shows what is its own anyway'],
    [['queue', 'list', '--account', 'ola', '--login', 'ala'], 'filters are for the administrator: --login shows what is its own anyway'],
    [['forward', 'list', '--password-stdin'], '--password-stdin goes with --login'],
    [['forward', 'list', '--login', 'ala'], 'there is no terminal to ask for the password; give --password-stdin'],
    [['passwd'], '--login LOGIN is missing: whose password is it?'],
  ] as const)
    assert.deepEqual(await server.capri(...words), { status: 2, output: `capri: ${line}\n` });
});

/** Calls a command as a user, with the password of all accounts where none is given. */
async function as(server: TestServer, login: string, words: readonly string[], input: string = `${server.password}\n`): Promise<Finished> {
  const options = ['--login', login, '--password-stdin', '--config', server.configFile];
  return await run(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...words, ...options], { input });
}

/** Of a server that is stopped. */
async function signInsOf(server: TestServer, login: string): Promise<unknown> {
  await using opened = await openOffline(readConfig(server.configFile));
  const { store } = opened.services;
  const found = await store.query(findAccountByLogin(login));
  assert.ok(found);
  return (await store.query(listSignIns(found.account))).map(({ listener, address, outcome }) => [listener, address, outcome]);
}
