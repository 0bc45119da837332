import { equal } from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { CanonicalBody } from './canonical-body.ts';
import type { Canonicalization } from './canonical-header.ts';

const CASES: ReadonlyArray<readonly [body: string, simple: string, relaxed: string]> = [
  // RFC 6376 §3.4.5
  [' C \r\nD \t E\r\n\r\n\r\n', ' C \r\nD \t E\r\n', ' C\r\nD E\r\n'],
  ['', '\r\n', ''],
  ['\r\n', '\r\n', ''],
  ['\r\n\r\n', '\r\n', ''],
  ['text', 'text\r\n', 'text\r\n'],
  ['text \t', 'text \t\r\n', 'text\r\n'],
  ['text\r\n \t \r\n', 'text\r\n \t \r\n', 'text\r\n'],
  [' \r\n\r\ntext\r\n', ' \r\n\r\ntext\r\n', '\r\n\r\ntext\r\n'],
  ['a\tb  c', 'a\tb  c\r\n', 'a b c\r\n'],
  // Only CRLF ends a line.
  ['a \rb \nc\r\n', 'a \rb \nc\r\n', 'a \rb \nc\r\n'],
  ['a\r', 'a\r\r\n', 'a\r\r\n'],
  ['a\r\r\n\r', 'a\r\r\n\r\r\n', 'a\r\r\n\r\r\n'],
  [' \r', ' \r\r\n', ' \r\r\n'],
];

test('bodies are brought into the forms of RFC 6376', () => {
  for (const [body, simple, relaxed] of CASES) {
    equal(hash('simple', [body]), sha256(simple), `simple ${JSON.stringify(body)}`);
    equal(hash('relaxed', [body]), sha256(relaxed), `relaxed ${JSON.stringify(body)}`);
  }
});

test('the hash is that of the definition, however the body is cut into chunks', () => {
  const piece = fc.oneof(
    fc.constantFrom(' ', '\t', '\r', '\n', '\r\n', '\r\n\r\n', ' \r\n', 'a', 'word', '\xa0', '  ', '.'),
    fc.tuple(fc.constantFrom(' ', '\r\n', 'text', 'a b', '\t'), fc.integer({ min: 1, max: 5000 })).map(([text, count]) => text.repeat(count)),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), fc.array(fc.nat(40_000), { maxLength: 6 }), (pieces, cuts) => {
      const body = pieces.join('');
      const places = [0, ...cuts.map((cut) => cut % (body.length + 1)).toSorted((a, b) => a - b), body.length];
      const chunks = places.slice(1).map((end, index) => body.slice(places[index], end));
      equal(hash('simple', chunks), sha256(simpleByDefinition(body)));
      equal(hash('relaxed', chunks), sha256(relaxedByDefinition(body)));
    }),
    { numRuns: 300 },
  );
});

test('chunks of one octet give the same', () => {
  for (const [body, simple, relaxed] of CASES) {
    equal(hash('simple', body.split('')), sha256(simple));
    equal(hash('relaxed', body.split('')), sha256(relaxed));
  }
});

test('a limit cuts the canonical form, and several limits share one pass', () => {
  const canonical = new CanonicalBody('relaxed');
  const limits = [0, 1, 5, 6, 7, 100, Infinity].map((limit) => canonical.digestOf(limit));
  equal(canonical.digestOf(5), limits[2]);
  canonical.update(Buffer.from('ab  c'));
  canonical.update(Buffer.from(' \r\nde\r\n\r\n'));
  canonical.finish();
  equal(canonical.length, 'ab c\r\nde\r\n'.length);
  for (const digest of limits) equal(digest.digest().toString('hex'), sha256('ab c\r\nde\r\n'.slice(0, digest.limit)));
});

test('long runs of blanks and of empty lines are held back in constant memory', () => {
  const lines = Buffer.from('\r\n'.repeat(500_000));
  const blanks = Buffer.alloc(1_000_000, ' ');
  const canonical = new CanonicalBody('relaxed');
  const digest = canonical.digestOf(Infinity);
  for (const chunk of [lines, blanks, Buffer.from('x'), blanks, lines, Buffer.from('y')]) canonical.update(chunk);
  canonical.finish();
  equal(digest.digest().toString('hex'), sha256(`${'\r\n'.repeat(500_000)} x${'\r\n'.repeat(500_000)}y\r\n`));
});

function hash(canonicalization: Canonicalization, chunks: readonly string[]): string {
  const canonical = new CanonicalBody(canonicalization);
  const digest = canonical.digestOf(Infinity);
  for (const chunk of chunks) canonical.update(Buffer.from(chunk, 'latin1'));
  canonical.finish();
  return digest.digest().toString('hex');
}

function sha256(octets: string): string {
  return createHash('sha256').update(Buffer.from(octets, 'latin1')).digest('hex');
}

/** §3.4.3, line by line. */
function simpleByDefinition(body: string): string {
  const lines = body.split('\r\n');
  while (lines.length > 0 && lines.at(-1) === '') lines.pop();
  return lines.length === 0 ? '\r\n' : `${lines.join('\r\n')}\r\n`;
}

/** §3.4.4, line by line. */
function relaxedByDefinition(body: string): string {
  const lines = body.split('\r\n').map((line) => {
    const narrow = line.replace(/[ \t]+/g, ' ');
    return narrow.endsWith(' ') ? narrow.slice(0, -1) : narrow;
  });
  while (lines.length > 0 && lines.at(-1) === '') lines.pop();
  return lines.length === 0 ? '' : `${lines.join('\r\n')}\r\n`;
}
