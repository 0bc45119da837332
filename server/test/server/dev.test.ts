/** `capri dev`: the page it prints, the mail it comes with, and that starting again finds the same. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { run } from '../support/outside.ts';

const MAIN = path.resolve(import.meta.dirname, '../../src/main.ts');

test('capri dev comes with accounts and mail, keeps them, and is no place for a real server', { timeout: 120_000 }, async () => {
  const directory = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'capri-dev-')), 'instance');
  const offset = 14_000 + Math.floor(Math.random() * 15_000);
  try {
    const first = await start(directory, '--port-offset', String(offset));
    for (const wanted of [`127.0.0.1 port ${993 + offset}`, `127.0.0.1 port ${587 + offset}`, 'capri-dev', 'jan.kowalski@capri.localhost', 'Ctrl-C stops it']) {
      assert.ok(first.page.includes(wanted), `${wanted}: ${first.page}`);
    }
    assert.equal(await countOfInbox(directory, offset, 'jan'), 7);
    assert.equal(await countOfInbox(directory, offset, 'jan.kowalski@capri.localhost'), 7);
    assert.equal(await countOfInbox(directory, offset, 'anna'), 2);
    assert.equal(await countOfInbox(directory, offset, 'admin'), 0);
    const config = path.join(directory, 'capri.toml');
    assert.equal((await capri('account', 'add', 'ola', '--config', config)).status, 0);
    const second = await capri('dev', '--dir', directory);
    assert.deepEqual(
      [second.status, second.output],
      [1, `capri: another Capri is using ${directory}: stop it first, or give this one its own data directory\n`],
    );
    assert.equal(await stop(first.child, 'SIGINT'), 0);

    const served = await capri('serve', '--config', config);
    assert.deepEqual([served.status, served.output.startsWith(`capri: ${directory} belongs to \`capri dev\``)], [1, true], served.output);

    const authority = fs.readFileSync(path.join(directory, 'tls/authority.pem'), 'utf8');
    const again = await start(directory);
    assert.equal(await countOfInbox(directory, offset, 'jan'), 7, 'the ports and the mail are the same');
    assert.equal(fs.readFileSync(path.join(directory, 'tls/authority.pem'), 'utf8'), authority);
    assert.match((await capri('account', 'list', '--config', config)).output, /^ola /m);
    assert.match((await capri('dev', '--fresh', '--dir', directory)).output, /^capri: another Capri is using .*: stop it first/);
    assert.equal(await stop(again.child, 'SIGTERM'), 0);

    // What a server that was killed leaves behind is in nobody's way.
    fs.writeFileSync(path.join(directory, 'run/control.sock'), '');
    const fresh = await start(directory, '--fresh', '--no-sample', '--port-offset', String(offset));
    assert.equal(await countOfInbox(directory, offset, 'jan'), 0);
    assert.doesNotMatch((await capri('account', 'list', '--config', config)).output, /^ola /m);
    assert.equal(await stop(fresh.child, 'SIGTERM'), 0);
    assert.match((await capri('doctor', '--store', '--config', config)).output, /^The store is sound/);
  } finally {
    fs.rmSync(path.dirname(directory), { recursive: true, force: true });
  }
});

test('capri dev never touches a directory that it has not made', async () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'capri-dev-'));
  fs.writeFileSync(path.join(directory, 'precious'), 'x');
  try {
    const { status, output } = await capri('dev', '--fresh', '--dir', directory);
    assert.deepEqual([status, output], [1, `capri: ${directory} is not empty and was not made by \`capri dev\`; choose another with --dir\n`]);
    assert.deepEqual(fs.readdirSync(directory), ['precious']);
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
});

function start(directory: string, ...words: readonly string[]): Promise<{ readonly child: ChildProcess; readonly page: string }> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, 'dev', '--dir', directory, ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return new Promise((resolve, reject) => {
    let page = '';
    let log = '';
    child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
    child.stdout.on('data', (chunk: Buffer) => {
      page += chunk.toString();
      if (page.includes('Ctrl-C')) resolve({ child, page });
    });
    child.on('exit', (status) => reject(new Error(`capri dev ended with ${status}: ${log}`)));
  });
}

function stop(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  return new Promise((resolve) => {
    child.on('exit', resolve);
    child.kill(signal);
  });
}

/** By POP3, with the certificate checked. */
async function countOfInbox(directory: string, offset: number, name: string): Promise<number> {
  const socket = connect({ host: '127.0.0.1', port: 995 + offset, ca: fs.readFileSync(path.join(directory, 'tls/authority.pem')) });
  socket.write(`USER ${name}\r\nPASS capri-dev\r\nSTAT\r\nQUIT\r\n`);
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return Number(/^\+OK (\d+) \d+\r$/m.exec(text)?.[1] ?? Number.NaN);
}

function capri(...words: readonly string[]): Promise<{ status: number; output: string }> {
  return run(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...words]);
}
