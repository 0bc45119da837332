/** The command line as a person uses it, with the server running and stopped: the same commands, the same answers. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { run } from '../support/outside.ts';
import { startServer, type TestServer } from '../support/server.ts';

const MAIN = path.resolve(import.meta.dirname, '../../src/main.ts');

test('accounts, aliases and domains are managed with the server running', async () => {
  await using server = await startServer();
  await manageEverything(server);
});

test('accounts, aliases and domains are managed with the server stopped', async () => {
  await using server = await startServer();
  await server.stop();
  await manageEverything(server);
});

test('what is changed while the server runs holds at once: a new account signs in, a disabled one does not', async () => {
  await using server = await startServer({ accounts: ['ala'] });
  const added = await json<{ login: string; password: string }>(server, 'account', 'add', 'nowa');
  assert.equal(await canSignIn(server, 'nowa', added.password), true);
  assert.equal(await canSignIn(server, 'ala', server.password), true);
  await json(server, 'account', 'disable', 'ala');
  assert.equal(await canSignIn(server, 'ala', server.password), false);
  await json(server, 'account', 'enable', 'ala');
  assert.equal(await canSignIn(server, 'ala', server.password), true);
  const changed = await json<{ password: string }>(server, 'account', 'passwd', 'ala');
  assert.equal(await canSignIn(server, 'ala', server.password), false);
  assert.equal(await canSignIn(server, 'ala', changed.password), true);
});

test('a password comes from standard input, and is never shown', async () => {
  await using server = await startServer();
  const { status, output } = await capri(['account', 'add', 'ela', '--password-stdin', '--json', '--config', server.configFile], 'correct horse\n');
  assert.deepEqual([status, JSON.parse(output)], [0, { login: 'ela', address: `ela@${server.domain}` }]);
  assert.equal(await canSignIn(server, 'ela', 'correct horse'), true);
  const empty = await capri(['account', 'passwd', 'ela', '--password-stdin', '--config', server.configFile], '');
  assert.deepEqual([empty.status, empty.output], [2, 'capri: --password-stdin was given, but standard input begins with an empty line\n']);
});

test('every mistake is one clear line, with an exit status of its own for wrong usage', async () => {
  await using server = await startServer({ accounts: ['ala'] });
  const cases: ReadonlyArray<readonly [words: readonly string[], status: number, line: RegExp]> = [
    [['acount', 'list'], 2, /^capri: there is no command "acount"; did you mean "account"\?$/],
    [['account', 'lst'], 2, /^capri: capri account needs one of: add, list, show, set, passwd, disable, enable, remove, release$/],
    [['account', 'show'], 2, /^capri: LOGIN is missing; usage: capri account show LOGIN$/],
    [['account', 'show', 'a', 'b'], 2, /^capri: "b" is one word too many; usage: capri account show LOGIN$/],
    [['account', 'list', '--jsn'], 2, /^capri: Unknown option '--jsn'; usage: capri account list$/],
    [['account', 'add', 'x', '--quota', 'much'], 2, /^capri: --quota much is not a size; write it as 5G or 500M$/],
    [['account', 'set', 'ala'], 2, /^capri: nothing to change; see `capri account set --help`$/],
    [['alias', 'add', 'x@capri.test'], 2, /^capri: --to LOGIN is missing: whose address is it to be\?$/],
    [['queue', 'retry'], 2, /^capri: name messages by their ids, or give --all or a filter$/],
    [['doctor'], 2, /^capri: say what to check: --store$/],
    [['account', 'show', 'nobody'], 1, /^capri: there is no account nobody; `capri account list` shows them all$/],
    [['account', 'add', 'ala'], 1, /^capri: there is an account ala already$/],
    [['account', 'add', 'Ala Ma'], 1, /^capri: "Ala Ma" cannot be a login/],
    [['account', 'remove', 'admin'], 1, /^capri: admin is the last administrator$/],
    [['alias', 'add', 'x@elsewhere.test', '--to', 'ala'], 1, /^capri: elsewhere.test is not one of our domains$/],
    [['domain', 'remove', 'capri.test'], 1, /^capri: capri.test is the primary domain of this server, /],
    [['queue', 'show', 'nothing'], 1, /^capri: there is no message nothing in the queue/],
  ];
  for (const [words, status, line] of cases) {
    const found = await server.capri(...words);
    assert.deepEqual([words, found.status], [words, status], found.output);
    assert.match(found.output.trimEnd(), line);
  }
});

test('without a configuration the command says how to get one', async () => {
  const { status, output } = await capri(['account', 'list', '--config', '/nowhere/capri.toml']);
  assert.deepEqual([status, output], [1, 'capri: there is no /nowhere/capri.toml; make one with "capri init", or name another with --config\n']);
});

test('help names every command, and explains each', async () => {
  const { status, output } = await capri(['help']);
  assert.equal(status, 0);
  for (const name of ['dev', 'init', 'serve', 'domain add DOMAIN', 'account add LOGIN', 'alias add ADDRESS', 'queue list', 'doctor'])
    assert.match(output, new RegExp(`capri ${name} `));
  const one = await capri(['account', 'add', '--help']);
  assert.deepEqual([one.status, one.output.split('\n')[0]?.startsWith('usage: capri account add LOGIN [--address A] [--alias A]...')], [0, true]);
});

test('the data directory may have a path that is too long for a socket', async () => {
  const directory = path.join(fs.mkdtempSync('/tmp/capri-long-'), 'd'.repeat(120));
  fs.mkdirSync(directory);
  try {
    await using server = await startServer({ directory, accounts: ['ala'] });
    assert.deepEqual(
      (await json<readonly { login: string }[]>(server, 'account', 'list')).map(({ login }) => login),
      ['admin', 'ala'],
    );
    const recorded = fs.readFileSync(path.join(directory, 'data/run/control-directory'), 'utf8');
    assert.deepEqual([fs.statSync(recorded).mode & 0o777, fs.statSync(path.join(recorded, 'control.sock')).mode & 0o777], [0o700, 0o600]);
    fs.rmSync(recorded, { recursive: true });
  } finally {
    fs.rmSync(path.dirname(directory), { recursive: true });
  }
});

test('only the owner reaches the control socket', async () => {
  await using server = await startServer();
  const runDirectory = path.join(server.directory, 'data/run');
  assert.deepEqual([fs.statSync(runDirectory).mode & 0o777, fs.statSync(path.join(runDirectory, 'control.sock')).mode & 0o777], [0o700, 0o600]);
});

async function manageEverything(server: TestServer): Promise<void> {
  assert.deepEqual(await json(server, 'domain', 'add', 'Second.Example'), { domain: 'second.example' });
  assert.deepEqual(
    (await json<readonly { domain: string }[]>(server, 'domain', 'list')).map(({ domain }) => domain),
    ['capri.test', 'second.example'],
  );
  const added = await json<{ login: string; address: string; password: string }>(
    server,
    'account',
    'add',
    'jan',
    '--alias',
    'jan.kowalski@second.example',
    '--alias',
    'j@capri.test',
    '--name',
    'Jan Kowalski',
    '--quota',
    '5G',
  );
  assert.deepEqual([added.login, added.address], ['jan', 'jan@capri.test']);
  assert.match(added.password, /^(?:[a-z2-9]{5}-){3}[a-z2-9]{5}$/);
  const { createdAt, ...shown } = await json<{ createdAt: string }>(server, 'account', 'show', 'jan.kowalski@second.example');
  assert.match(createdAt, /^20/);
  assert.deepEqual(shown, {
    login: 'jan',
    name: 'Jan Kowalski',
    address: 'jan@capri.test',
    aliases: ['j@capri.test', 'jan.kowalski@second.example'],
    isAdmin: false,
    state: 'active',
    language: '',
    quotaBytes: 5 * 2 ** 30,
    usedBytes: 0,
    usedMessages: 0,
    sending: { recipientsPerHour: null, recipientsPerDay: null, sentThisHour: 0, sentToday: 0, hold: null },
  });
  const changed = await json<typeof shown>(server, 'account', 'set', 'jan', '--quota', '0', '--language', 'pl', '--address', 'j@capri.test', '--admin');
  assert.deepEqual(changed, {
    ...shown,
    createdAt,
    quotaBytes: 0,
    language: 'pl',
    address: 'j@capri.test',
    aliases: ['jan@capri.test', 'jan.kowalski@second.example'],
    isAdmin: true,
  });
  assert.deepEqual(await json(server, 'alias', 'add', 'Office@capri.test', '--to', 'jan'), { address: 'office@capri.test', login: 'jan' });
  assert.deepEqual(await json(server, 'alias', 'list'), [
    { address: 'admin@capri.test', login: 'admin' },
    { address: 'j@capri.test', login: 'jan' },
    { address: 'jan@capri.test', login: 'jan' },
    { address: 'office@capri.test', login: 'jan' },
    { address: 'jan.kowalski@second.example', login: 'jan' },
  ]);
  assert.deepEqual(await json(server, 'alias', 'remove', 'office@capri.test'), { address: 'office@capri.test' });
  const shownDomain = { domain: 'second.example', catchAll: 'jan', separator: '=', addressSignIn: false, arcSeal: false };
  assert.deepEqual(await json(server, 'domain', 'set', 'second.example', '--catch-all', 'jan', '--separator', '=', '--address-sign-in', 'no'), shownDomain);
  assert.deepEqual(await json(server, 'domain', 'set', 'second.example', '--no-catch-all'), { ...shownDomain, catchAll: null });
  assert.deepEqual(await json(server, 'account', 'remove', 'jan'), { login: 'jan' });
  assert.deepEqual(await json(server, 'domain', 'remove', 'second.example'), { domain: 'second.example' });
  assert.deepEqual(await json(server, 'queue', 'list'), { queued: [], next: null });
  assert.deepEqual(await json(server, 'doctor', '--store'), { problems: [] });
  const again = await server.capri('account', 'add', 'jan');
  assert.deepEqual([again.status, again.output.startsWith('capri: ')], [1, true], 'a removed login stays reserved');
  const { output } = await server.capri('account', 'list');
  assert.equal(output.split('\n')[0], 'LOGIN  ADDRESS           NAME  STATE          MESSAGES  USED  QUOTA');
}

async function json<Output>(server: TestServer, ...words: readonly string[]): Promise<Output> {
  const { status, output } = await server.capri(...words, '--json');
  assert.equal(status, 0, output);
  return JSON.parse(output) as Output;
}

function capri(words: readonly string[], input?: string): Promise<{ status: number; output: string }> {
  return run(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...words], input === undefined ? {} : { input });
}

/** Whether POP3 over TLS accepts the password. */
async function canSignIn(server: TestServer, login: string, password: string): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port: server.ports.pop3s, ca: server.ca });
  socket.write(`USER ${login}\r\nPASS ${password}\r\nQUIT\r\n`);
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text.split('\r\n').filter((line) => line.startsWith('+OK')).length === 4;
}
