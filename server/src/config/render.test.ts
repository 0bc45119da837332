import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { generatedPages } from './pages.ts';
import { parseConfig } from './read.ts';

const repository = path.resolve(import.meta.dirname, '../../..');
const example = generatedPages().get('docs/operating/capri.example.toml') ?? '';

test('the generated pages are up to date (else: npm run docs)', () => {
  for (const [name, text] of generatedPages()) assert.equal(fs.readFileSync(path.join(repository, name), 'utf8'), text, name);
});

test('the example is a valid configuration', () => {
  const config = parseConfig(example, '/etc/capri/capri.toml');
  assert.deepEqual([...config.listeners.keys()], ['smtp', 'submission', 'submissions', 'imap', 'imaps', 'pop3', 'pop3s', 'https']);
});

test('the example with every comment taken away is a valid configuration too: all defaults shown are real', () => {
  const full = example.replaceAll(/^( *)#(?=[[a-z_]+[\]a-z_.]*( = |\]|$))/gm, '$1');
  const config = parseConfig(full, '/etc/capri/capri.toml');
  assert.deepEqual([config.lmtp?.socket, config.queue.routes.length, config.queue.smarthost?.port], ['/run/capri/lmtp.sock', 1, 25]);
});

test('what the example shows as defaults are the defaults', () => {
  const full = example.replaceAll(/^( *)#(?=[a-z_]+ = )/gm, '$1');
  const ofExample = parseConfig(withoutOptional(full), '/etc/capri/capri.toml');
  const ofMinimum = parseConfig(example, '/etc/capri/capri.toml');
  for (const section of ['limits', 'imap', 'pop3', 'store', 'log', 'threads'] as const) assert.deepEqual(ofExample[section], ofMinimum[section], section);
});

function withoutOptional(text: string): string {
  return text
    .replace(/^#\[lmtp\]\n(?: .*\n)*/m, '')
    .replace(/^#\[queue\.smarthost\]\n(?: .*\n)*/m, '')
    .replaceAll(/^#\[\[queue\.(?:routes|destinations|senders)\]\]\n(?: .*\n)*/gm, '');
}
