import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { batchOf } from './batch.ts';

test('numbers, nulls and octets of each row come out as they went in', () => {
  const row = fc.record({
    uid: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
    sentAt: fc.option(fc.maxSafeInteger(), { nil: undefined }),
    fields: fc.uint8Array({ maxLength: 20 }),
    prefix: fc.uint8Array({ maxLength: 3 }),
  });
  fc.assert(
    fc.property(fc.array(row, { minLength: 1 }), (rows) => {
      const list = (of: (each: (typeof rows)[number]) => number | undefined): string => rows.map((each) => of(each) ?? '').join(',');
      const batch = batchOf(
        [
          list(({ uid }) => uid),
          list(({ sentAt }) => sentAt),
          list(({ fields }) => fields.length),
          Buffer.concat(rows.map(({ fields }) => fields)),
          list(({ prefix }) => prefix.length),
          Buffer.concat(rows.map(({ prefix }) => prefix)),
        ],
        { numbers: ['uid', 'sentAt'], octets: ['fields', 'prefix'] },
      );
      deepEqual(
        rows.map((_, i) => ({ uid: batch.uid[i], sentAt: batch.sentAt[i], fields: [...batch.fields.at(i)], prefix: [...batch.prefix.at(i)] })),
        rows.map(({ uid, sentAt, fields, prefix }) => ({
          uid,
          sentAt: sentAt === undefined ? Number.NaN : sentAt + 0,
          fields: [...fields],
          prefix: [...prefix],
        })),
      );
    }),
  );
});

test('no rows make an empty batch', () => {
  deepEqual(batchOf([null, null], { numbers: ['uid', 'receivedAt'], octets: [] }).count, 0);
});
