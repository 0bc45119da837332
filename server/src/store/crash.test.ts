/** kill -9 proves atomicity: whatever was acknowledged is there, once, and the checker is content. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { AccountId, EmailId } from '#core/ids.ts';
import { latin1 } from '#core/bytes.ts';
import { mailboxId } from '../../test/support/store.ts';
import { checkStore } from './check.ts';
import { STORE_MUTATIONS } from './mutations.ts';
import { openStore } from './open.ts';
import { readMessage } from './read-messages.ts';
import type { Store } from './store.ts';

const KILLS = Number(process.env['CAPRI_TEST_KILLS'] ?? 6);
const CHILD = new URL('../../test/support/store-crash-child.ts', import.meta.url);

interface Line {
  readonly try?: string;
  readonly account?: AccountId;
  readonly added?: string;
  readonly moved?: string;
  readonly copied?: string;
  readonly expunged?: string;
}

test('what was acknowledged survives kill -9, once', { timeout: 30_000 + KILLS * 10_000 }, async () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'capri-crash-'));
  /** Where each acknowledged message must be: INBOX, Trash. */
  const expected = new Map<string, { readonly account: AccountId; inbox: number; trash: number }>();
  for (let run = 0; run < KILLS; run++) {
    const lines = await runAndKill(directory, run);
    assert.ok(lines.length > 0 || run > 0, 'the child did something');
    for (const line of lines) {
      if (line.added !== undefined && line.account !== undefined) expected.set(line.added, { account: line.account, inbox: 1, trash: 0 });
      note(expected, line.moved, 0, 1);
      note(expected, line.copied, 1, 1);
      note(expected, line.expunged, 0, 0);
    }
    // The last message of each worker may have been changed without its being told: there it is nobody's promise.
    for (const name of new Map([...expected].map(([last, { account }]) => [account, last])).values()) expected.delete(name);
    await verify(directory, expected);
    assert.deepEqual(await checkStore(directory), []);
  }
  fs.rmSync(directory, { recursive: true });
});

async function runAndKill(directory: string, run: number): Promise<Line[]> {
  const child = spawn(process.execPath, [fileURLToPath(CHILD), directory, String(run)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('latin1');
  child.stdout.on('data', (chunk: string) => {
    output += chunk;
  });
  const exited = once(child, 'exit');
  await once(child.stdout, 'data');
  await new Promise((resolve) => setTimeout(resolve, 100 + ((run * 97) % 500)));
  child.kill('SIGKILL');
  const [code, signal] = (await exited) as [number | null, string | null];
  assert.deepEqual([code, signal], [null, 'SIGKILL'], 'the child ended by itself');
  // A line that was cut was not read by anybody.
  return output
    .slice(0, output.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}

function note(expected: Map<string, { inbox: number; trash: number }>, name: string | undefined, inbox: number, trash: number): void {
  const message = name === undefined ? undefined : expected.get(name);
  if (!message) return;
  message.inbox = inbox;
  message.trash = trash;
}

async function verify(
  directory: string,
  expected: ReadonlyMap<string, { readonly account: AccountId; readonly inbox: number; readonly trash: number }>,
): Promise<void> {
  await using store = await openStore({ directory, inline: true, mutations: STORE_MUTATIONS });
  const found = new Map<string, { inbox: number; trash: number }>();
  for (const account of new Set([...expected.values()].map((message) => message.account)))
    for (const [place, name] of [
      ['inbox', 'INBOX'],
      ['trash', 'Trash'],
    ] as const)
      for (const text of await texts(store, account, name)) {
        const subject = /^Subject: (\S+)/.exec(text)?.[1] ?? '';
        const counts = found.get(subject) ?? { inbox: 0, trash: 0 };
        counts[place]++;
        found.set(subject, counts);
      }
  for (const [name, { inbox, trash }] of expected) assert.deepEqual({ name, ...(found.get(name) ?? { inbox: 0, trash: 0 }) }, { name, inbox, trash });
  for (const [name, there] of found) assert.ok(there.inbox <= 1 && there.trash <= 1, `${name} is there twice`);
}

async function texts(store: Store, account: AccountId, name: string): Promise<string[]> {
  using base = await store.openMailbox(await mailboxId(store, account, name));
  const found: string[] = [];
  for (const email of base.emails.slice(0, base.length)) {
    const message = await store.query(readMessage(email as EmailId));
    assert.ok(message);
    const bytes = await store.readBlob(message.blob, 0, message.size);
    assert.ok(bytes.equals(latin1(bytes.toString('latin1'))) && bytes.subarray(-2).toString() === '\r\n');
    found.push(bytes.toString('latin1'));
  }
  return found;
}
