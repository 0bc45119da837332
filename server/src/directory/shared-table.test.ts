import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { allocateTable, SharedTable } from './shared-table.ts';

test('a row is found again on every hold of the same memory', () => {
  const memory = allocateTable(64, 2);
  const one = new SharedTable(memory);
  const other = new SharedTable(memory);
  one.update({ high: 1, low: 2 }, (columns) => {
    columns[0] = 5;
    columns[1] = 7;
  });
  assert.deepEqual(other.get({ high: 1, low: 2 }), [5, 7]);
  assert.equal(other.get({ high: 2, low: 2 }), undefined);
});

test('when a set is full, the row that is useful for the shortest time gives way', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 1e6 }), { minLength: 20, maxLength: 40 }), (times) => {
      const table = new SharedTable(allocateTable(8, 1));
      for (const time of times) {
        table.update({ high: time, low: 0 }, (columns) => {
          columns[0] = time;
        });
      }
      const longest = Math.max(...times);
      assert.deepEqual(table.get({ high: longest, low: 0 }), [longest]);
    }),
    { numRuns: 20 },
  );
});

test('threads that change one row lose no change', async () => {
  const memory = allocateTable(8, 1);
  const source = `
    const { workerData, parentPort } = require('node:worker_threads');
    import(workerData.module).then(({ SharedTable }) => {
      const table = new SharedTable(workerData.memory);
      for (let n = 0; n < 20000; n++) table.update({ high: 1, low: 1 }, (columns) => { columns[0] += 1; });
      parentPort.postMessage('done');
    });`;
  const workers = [1, 2, 3].map(() => new Worker(source, { eval: true, workerData: { memory, module: new URL('./shared-table.ts', import.meta.url).href } }));
  await Promise.all(workers.map((worker) => new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))));
  await Promise.all(workers.map((worker) => worker.terminate()));
  assert.deepEqual(new SharedTable(memory).get({ high: 1, low: 1 }), [60_000]);
});
