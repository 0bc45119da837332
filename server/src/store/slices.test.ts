import { deepEqual, equal, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { MailboxBase } from './mailbox-base.ts';
import { commitSlices, slicesOf } from './slices.ts';

/** The few things of a table that slicing looks at. */
function tableOf(uids: readonly number[]): MailboxBase {
  const sorted = Uint32Array.from(uids);
  return { uids: sorted, length: sorted.length, indexOf: (uid: number) => sorted.indexOf(uid) } as unknown as MailboxBase;
}

function expand(set: string): number[] {
  return set.split(',').flatMap((range) => {
    const [first, last = first] = range.split(':').map(Number);
    return Array.from({ length: (last ?? 0) - (first ?? 0) + 1 }, (_, i) => (first ?? 0) + i);
  });
}

test('the sets name all wanted messages that are there, and no other message', () => {
  const numbers = fc.uniqueArray(fc.integer({ min: 1, max: 60 })).map((list) => list.sort((a, b) => a - b));
  fc.assert(
    fc.property(numbers, numbers, (there, wanted) => {
      const slices = slicesOf(Uint32Array.from(wanted), tableOf(there));
      const expected = wanted.filter((uid) => there.includes(uid));
      deepEqual(
        slices.flatMap(({ uids }) => uids),
        expected,
      );
      deepEqual(
        slices.flatMap(({ set }) => expand(set)).filter((uid) => there.includes(uid)),
        expected,
      );
    }),
  );
});

test('a slice has at most 1,000 messages, and neighbours make one range over what is gone', () => {
  const there = Array.from({ length: 2_500 }, (_, i) => 3 * i + 1);
  const slices = slicesOf(Uint32Array.from(there), tableOf(there));
  deepEqual(
    slices.map(({ uids, set }) => [uids.length, set]),
    [
      [1000, '1:2998'],
      [1000, '3001:5998'],
      [500, '6001:7498'],
    ],
  );
});

test('results come in order, and after a failure nothing more is sent', async () => {
  const there = Array.from({ length: 40_000 }, (_, i) => i + 1);
  const slices = slicesOf(Uint32Array.from(there), tableOf(there));
  const taken: number[] = [];
  let sent = 0;
  await commitSlices(
    slices,
    async (slice) => {
      await new Promise((resolve) => {
        setTimeout(resolve, (sent++ * 7) % 5);
      });
      return slice.uids[0] ?? 0;
    },
    (first) => {
      taken.push(first);
    },
  );
  deepEqual(
    taken,
    slices.map(({ uids }) => uids[0]),
  );

  sent = 0;
  taken.length = 0;
  await rejects(
    commitSlices(
      slices,
      (slice) => (sent++ === 2 ? Promise.reject(new Error('full')) : Promise.resolve(slice.uids[0] ?? 0)),
      (first) => {
        taken.push(first);
      },
    ),
    /full/,
  );
  equal(sent < slices.length, true);
  equal(taken.includes(2001), false);
});
