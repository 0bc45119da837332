import { deepEqual, equal, rejects } from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { readSecret } from './read-secret.ts';

test('a line is taken as it was typed, with what was taken back', async () => {
  for (const [typed, line] of [
    ['word\r', 'word'],
    ['word\n', 'word'],
    ['żó\u007f\u007f\u007fx\r', 'x'],
    ['wrong\u0015right\r', 'right'],
    ['half\u0004', 'half'],
    ['\r', ''],
  ] as const)
    equal(await reading(typed), line, JSON.stringify(typed));
});

test('a character that comes in two pieces is whole', async () => {
  const keys = new PassThrough();
  const line = readSecret(keys);
  for (const octet of Buffer.from('zażółć\r')) keys.write(Buffer.from([octet]));
  equal(await line, 'zażółć');
  deepEqual([keys.listenerCount('data')], [0]);
});

test('Control-C interrupts, and a line without end is not kept in memory', async () => {
  await rejects(reading('abc\u0003'), { message: 'interrupted', exitStatus: 130 });
  await rejects(reading('x'.repeat(5000)), { message: 'that is too long for a password' });
});

function reading(typed: string): Promise<string> {
  const keys = new PassThrough();
  const line = readSecret(keys);
  keys.write(typed);
  return line;
}
