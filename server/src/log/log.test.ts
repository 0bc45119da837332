import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError } from '#core/errors.ts';
import { EVENTS } from './events.ts';
import { type LogOptions, openLog, silentLog, type ThreadLog } from './pino-log.ts';
import { shortLine } from './short-line.ts';

const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'capri-log-'));
after(() => fs.rmSync(directory, { recursive: true }));

test('an event is one JSON line with level, time, name and fields', async () => {
  const { log, lines } = logToFile({ level: 'info', format: 'json' });
  log.with({ connection: 'c1' }).info('smtp.accepted', { id: 'x7', recipients: 2 });
  const [line] = await lines(1);
  assert.match(String(line?.time), /^\d{4}-\d\d-\d\dT/);
  assert.deepEqual({ ...line, time: '' }, { level: 'info', time: '', connection: 'c1', id: 'x7', recipients: 2, event: 'smtp.accepted' });
});

test('events below the level are not written', async () => {
  const { log, lines } = logToFile({ level: 'warn', format: 'json' });
  log.info('net.disconnected');
  log.warn('net.refused', { reason: 'too many' });
  assert.deepEqual(
    (await lines(1)).map((line) => line.event),
    ['net.refused'],
  );
});

test('an error carries the reference id that its caller is given, and its causes', async () => {
  const { log, lines } = logToFile({ level: 'info', format: 'json' });
  const reference = log.error('server.bug', new DomainError('store-failed', 'no luck', { segment: 3 }), { command: 'FETCH' });
  const wrapped = log.error('server.bug', new Error('outer', { cause: new Error('inner') }));
  const written = await lines(2);
  const [first, second] = [reference, wrapped].map((id) => written.find((line) => line.reference === id));
  assert.match(reference, /^[a-z2-9]{8}$/);
  assert.equal(first?.level, 'error');
  assert.deepEqual([first?.error, first?.code, first?.details], ['no luck', 'store-failed', { segment: 3 }]);
  assert.match(String(second?.causes), /inner/);
});

test('a line break in a value stays inside its line', async () => {
  const { log, lines } = logToFile({ level: 'info', format: 'json' });
  log.info('smtp.refused', { reason: 'x\n{"event":"forged"}' });
  assert.equal((await lines(1)).length, 1);
});

test('the short form shows time, event and fields, and hides control characters', () => {
  const line = JSON.stringify({ level: 'warn', time: '2026-11-23T12:00:01.000Z', listener: 'imap', reason: 'a b\u001b[2J\u009b', event: 'net.refused' });
  assert.equal(shortLine(line), '12:00:01 warn net.refused listener=imap reason="a b\\u001b[2J?"\n');
  assert.equal(shortLine('not json\n'), 'not json\n');
});

test('every event in the list is logged somewhere', () => {
  const source = path.join(import.meta.dirname, '..');
  const files = fs
    .readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.endsWith('events.ts'));
  const text = files.map((name) => fs.readFileSync(path.join(source, name), 'utf8')).join('');
  assert.deepEqual(
    Object.keys(EVENTS).filter((event) => !text.includes(`'${event}'`)),
    [],
  );
});

test('the silent log gives reference ids too', () => {
  assert.match(silentLog.with({}).error('server.bug', new Error('x')), /^[a-z2-9]{8}$/);
});

function logToFile(options: LogOptions): { log: ThreadLog; lines: (expected: number) => Promise<Array<Record<string, unknown>>> } {
  const file = path.join(directory, `${Math.random()}.log`);
  const descriptor = fs.openSync(file, 'a');
  const log = openLog({ ...options, descriptor });
  return {
    log,
    lines: async (expected) => {
      log.flush();
      // A write that is under way ends on its own, in the thread pool, and may end after one that was begun later.
      for (let tries = 0; ; tries++) {
        const text = fs.readFileSync(file, 'utf8');
        const lines = text.split('\n').filter((line) => line !== '');
        if (lines.length >= expected || tries === 200) return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
        await sleep(10);
      }
    },
  };
}
