import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ChunkChecker } from './chunk-checker.ts';
import { DataDecoder, type DataFault } from './data-decoder.ts';
import { assertLinear } from '../../../test/support/growth.ts';

test('a message comes out as it was before its dots were stuffed, wherever the chunks are cut', () => {
  fc.assert(
    fc.property(fc.array(line), cuts, rest, (lines, cutsAt, after) => {
      const message = lines.map((text) => `${text}\r\n`).join('');
      const stuffed = lines.map((text) => `${text.startsWith('.') ? '.' : ''}${text}\r\n`).join('');
      deepEqual(decodeIn(`${stuffed}.\r\n${after}`, cutsAt), { message, fault: undefined, rest: after });
    }),
    { numRuns: 2000 },
  );
});

test('any octets are decoded as a simple reading octet by octet would', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('\r', '\n', '.', '\r\n', '\r\n.', '\r\n.\r\n', 'a', '\0', 'text'), { maxLength: 40 }), cuts, (pieces, cutsAt) => {
      const octets = pieces.join('');
      deepEqual(decodeIn(octets, cutsAt), readSimply(octets));
    }),
    { numRuns: 5000 },
  );
});

test('only CR LF . CR LF ends a message', () => {
  for (const ending of [
    '\n.\n',
    '\n.\r',
    '\r.\n',
    '\r.\r',
    '\n.\r\n',
    '\r.\r\n',
    '\r\n\0.\r\n',
    '\r\n.\r\r\n',
    '\r\r\n.\r\r\n',
    '\r\n.\n',
    '\r\n.\r',
    '\n\n.\r\n',
  ]) {
    const { fault, rest: after } = decodeIn(`Subject: outer\r\n\r\nouter${ending}MAIL FROM:<x@y.example>\r\n\r\ninner\r\n.\r\nNOOP\r\n`, []);
    deepEqual([fault === undefined, after], [false, 'NOOP\r\n'], JSON.stringify(ending));
  }
});

test('a chunk in which every line begins with a dot costs what its size is', () => {
  assertLinear('dots', 16_384, (lines) => {
    const { output } = new DataDecoder().decode(Buffer.from('..\r\n'.repeat(lines)));
    equal(output.toString(), '.\r\n'.repeat(lines));
  });
});

test('chunks of BDAT are checked as if they were one, wherever they are cut', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('\r', '\n', '\r\n', '.', 'a', '\0'), { maxLength: 20 }), cuts, (pieces, cutsAt) => {
      const octets = pieces.join('');
      const checker = new ChunkChecker();
      for (const chunk of cut(octets, cutsAt)) checker.check(chunk);
      checker.finish();
      const hasNul = octets.includes('\0');
      const hasBare = octets.replaceAll('\r\n', '').search(/[\r\n]/) >= 0;
      equal(checker.fault !== undefined, hasNul || hasBare);
      if (!hasNul && !hasBare) equal(checker.endsWithLine, octets === '' || octets.endsWith('\r\n'));
    }),
    { numRuns: 2000 },
  );
});

interface Outcome {
  readonly message: string;
  readonly fault: DataFault | undefined;
  /** Undefined: the end did not come. */
  readonly rest: string | undefined;
}

function decodeIn(octets: string, cutsAt: readonly number[]): Outcome {
  const decoder = new DataDecoder();
  let message = '';
  let consumed = 0;
  for (const chunk of cut(octets, cutsAt)) {
    const decoded = decoder.decode(chunk);
    message += decoded.output.toString('latin1');
    consumed += decoded.consumed;
    if (decoded.isEnd) return { message: decoder.fault ? '' : message, fault: decoder.fault, rest: octets.slice(consumed) };
  }
  return { message: decoder.fault ? '' : message, fault: decoder.fault, rest: undefined };
}

/** The same, as slowly and plainly as can be. */
function readSimply(octets: string): Outcome {
  const end = `\r\n${octets}`.indexOf('\r\n.\r\n');
  const content = end < 0 ? octets : octets.slice(0, end);
  // Without an end, dots that may still belong to it and a CR that may still get its LF are not judged.
  const judged = end < 0 && content.endsWith('\r') ? content.slice(0, -1) : content;
  let fault: DataFault | undefined;
  const bare = judged.search(/\r(?!\n)|(?<!\r)\n|\0/);
  if (bare >= 0) fault = judged[bare] === '\0' ? 'nul' : 'bare-newline';
  if (fault) return { message: '', fault, rest: end < 0 ? undefined : octets.slice(end + 3) };
  let message = `\r\n${content}`.replaceAll('\r\n.', '\r\n').slice(2);
  if (end < 0 && /(?:^|\r\n)\.\r$/.test(content)) message = message.slice(0, -1);
  return { message, fault, rest: end < 0 ? undefined : octets.slice(end + 3) };
}

function cut(octets: string, cutsAt: readonly number[]): readonly Buffer[] {
  const places = [...new Set([0, octets.length, ...cutsAt.map((at) => at % (octets.length + 1))])].sort((a, b) => a - b);
  return places.slice(1).map((to, index) => Buffer.from(octets.slice(places[index], to), 'latin1'));
}

const line = fc.string({ unit: fc.constantFrom('.', 'a', ' ', 'ä', '..', 'x'), maxLength: 6 }).map((text) => Buffer.from(text, 'latin1').toString('latin1'));
const cuts = fc.array(fc.nat(), { maxLength: 12 });
const rest = fc.constantFrom('', 'MAIL FROM:<>\r\n', '.\r\n', '\n');
