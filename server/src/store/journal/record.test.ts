import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { BlobId } from '#core/ids.ts';
import type { SqlValue, Statement } from '../sql.ts';
import { type JournalRecord, type RecordToWrite, readRecords, RecordWriter } from './record.ts';

test('records come out of a file as they went in', () => {
  fc.assert(
    fc.property(fc.array(groups(), { maxLength: 4 }), (written) => {
      const file = fileOf(written);
      assert.deepEqual(readRecords(file), written.map(asRead));
    }),
  );
});

test('reading ends before a record that is damaged anywhere, cut off, or of another turn', () => {
  fc.assert(
    fc.property(groups(), groups(), fc.nat(), fc.integer({ min: 1, max: 255 }), (first, second, place, change) => {
      const whole = fileOf([first, second]);
      const { length } = fileOf([first]);
      const damaged = Buffer.from(whole);
      const at = length + (place % (whole.length - length));
      damaged[at] = (damaged[at] ?? 0) ^ change;
      for (const file of [damaged, whole.subarray(0, at)]) assert.deepEqual(readRecords(file), [asRead(first, 0)]);
      for (const other of [
        { sequence: 7, cycle: 1 },
        { sequence: 2, cycle: 2 },
      ]) {
        const writer = new RecordWriter();
        const file = Buffer.concat([fileOf([first]), Buffer.from(writer.write({ ...second, ...other }))]);
        assert.deepEqual(readRecords(file), [asRead(first, 0)]);
      }
    }),
  );
});

test('any octets are read without an error', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => assert.deepEqual(readRecords(Buffer.from(octets)), [])));
});

type Group = Pick<RecordToWrite, 'bodies' | 'statements'>;

function groups(): fc.Arbitrary<Group> {
  const octets = fc.uint8Array({ maxLength: 300 }).map((bytes) => new Uint8Array(bytes));
  const value: fc.Arbitrary<SqlValue> = fc.oneof(fc.constant(null), fc.double({ noNaN: true }), fc.integer(), fc.string({ unit: 'grapheme' }), octets);
  const texts = [0, 1, 2].map((n): TemplateStringsArray => Object.assign([`UPDATE t${n} SET a = `, ''], { raw: [] }));
  const statement = fc.record({ strings: fc.constantFrom(...texts), values: fc.array(value, { maxLength: 5 }) }) as fc.Arbitrary<Statement>;
  return fc.record({
    bodies: fc.array(fc.record({ blob: fc.maxSafeNat().map((n) => n as BlobId), bytes: octets }), { maxLength: 3 }),
    statements: fc.array(statement, { maxLength: 8 }),
  });
}

function fileOf(written: readonly Group[]): Buffer {
  const writer = new RecordWriter();
  return Buffer.concat(written.map((group, index) => Buffer.from(writer.write({ sequence: index + 1, cycle: 1, ...group }))));
}

function asRead({ bodies, statements }: Group, index: number): JournalRecord {
  return {
    sequence: index + 1,
    cycle: 1,
    bodies: bodies.map(({ blob, bytes }) => ({ blob, bytes: Buffer.from(bytes) })),
    statements: statements.map(({ strings, values }) => ({
      text: strings.join('?'),
      values: values.map((value) => (value instanceof Uint8Array ? Buffer.from(value) : value)),
    })),
  };
}
