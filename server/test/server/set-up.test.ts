/** Setting up a server, and the mistakes that are made then: what is refused leaves nothing behind. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { run, type Finished } from '../support/outside.ts';
import { startServer } from '../support/server.ts';

const MAIN = path.resolve(import.meta.dirname, '../../src/main.ts');

test('an init with a password or a certificate that cannot be used makes nothing, so that it can be run again', async () => {
  await using place = temporary();
  const directory = path.join(place.path, 'capri');
  const words = ['init', '--domain', 'example.org', '--hostname', 'mail.example.org', '--dir', directory];
  const password = await capri([...words, '--password-stdin'], 'tab\there\n');
  assert.deepEqual([password.status, password.output], [1, 'capri: a password has 1 to 1024 octets and no control characters\n']);
  const certificate = await capri([...words, '--certificate', '/nowhere.pem', '--key', '/nowhere.key']);
  assert.equal(certificate.status, 1);
  assert.match(certificate.output, /^capri: the certificate \/nowhere\.pem does not exist; .*\n$/);
  assert.equal(fs.existsSync(directory), false);
  assert.equal((await capri([...words, '--password-stdin'], 'correct horse\n')).status, 0);
});

test('a command whose data directory is mistaken says so and makes none', async () => {
  await using place = temporary();
  const file = path.join(place.path, 'capri.toml');
  fs.writeFileSync(file, '[server]\nhostname = "mail.example.org"\ndomain = "example.org"\ndata_directory = "nowhere"\n');
  for (const words of [
    ['account', 'list'],
    ['domain', 'add', 'example.net'],
  ]) {
    const { status, output } = await capri([...words, '--config', file]);
    assert.deepEqual([status, output.split('\n').length], [1, 2], output);
    assert.match(output, new RegExp(`^capri: .*${path.join(place.path, 'nowhere')}`));
  }
  assert.deepEqual(fs.readdirSync(place.path), ['capri.toml']);
});

test('made by root for another user, the data directory is closed to others and what leads there is not', {
  skip: process.getuid?.() !== 0 && 'needs root',
}, async () => {
  await using place = temporary();
  fs.chmodSync(place.path, 0o755);
  const directory = path.join(place.path, 'srv/mail/capri');
  const words = ['init', '--domain', 'example.org', '--hostname', 'mail.example.org', '--dir', directory, '--user', 'nobody'];
  const { status, output } = await capri(words);
  assert.equal(status, 0, output);
  assert.deepEqual(
    ['srv', 'srv/mail', 'srv/mail/capri', 'srv/mail/capri/store'].map((name) => (fs.statSync(path.join(place.path, name)).mode & 0o777).toString(8)),
    ['755', '755', '700', '700'],
  );
});

test('a server that stays root says so', { skip: process.getuid?.() !== 0 && 'needs root' }, async () => {
  await using server = await startServer();
  assert.match(server.log(), /"level":"warn".*server\.root/);
});

async function capri(words: readonly string[], input?: string): Promise<Finished> {
  return await run(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...words], input === undefined ? {} : { input });
}

function temporary(): AsyncDisposable & { readonly path: string } {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'capri-set-up-'));
  return { path: directory, [Symbol.asyncDispose]: () => fs.promises.rm(directory, { recursive: true, force: true }) };
}
