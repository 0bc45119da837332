import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MessageParser, parseMessage } from './parse.ts';
import { DEFAULT_LIMITS, type ParsedMessage, type ParserLimits, type Part } from './part.ts';
import { assertLinear } from '../../test/support/growth.ts';

test('a message without MIME fields is one plain text part', () => {
  const message = parseMessage(lines('Subject: hi', '', 'one', 'two'));
  assert.deepEqual(outline(message.root), { type: 'text/plain', header: [0, 15], body: [15, 25], lines: 2 });
  assert.deepEqual(message.root.content.parameters, [{ name: 'charset', value: 'us-ascii' }]);
});

test('a part ends before the line end that belongs to the boundary', () => {
  const bytes = lines(
    'Content-Type: multipart/mixed; boundary=b',
    '',
    'preamble',
    '--b',
    '',
    'first',
    '--b',
    'Content-Type: text/html',
    '',
    '<p>',
    'x',
    '--b--',
    'epilogue',
  );
  const { root } = parseMessage(bytes);
  assert.equal(root.kind, 'multipart');
  assert.deepEqual(
    root.children.map((part) => [text(bytes, part), part.lines]),
    [
      ['first', 0],
      ['<p>\r\nx', 1],
    ],
  );
  assert.equal(root.bodyEnd, bytes.length);
});

test('a nested message has its own header, envelope and parts', () => {
  const bytes = lines(
    'Content-Type: multipart/mixed; boundary="out er"',
    '',
    '--out er',
    'Content-Type: message/rfc822',
    '',
    'Subject: inner',
    'From: a@b',
    'Content-Type: multipart/alternative; boundary=in',
    '',
    '--in',
    '',
    'plain',
    '--in--',
    '--out er--',
  );
  const message = parseMessage(bytes).root.children[0] as Part;
  assert.equal(message.kind, 'message');
  const inner = message.children[0] as Part;
  assert.equal(Buffer.from(inner.envelope ?? []).toString(), '(NIL "inner" ((NIL NIL "a" "b")) ((NIL NIL "a" "b")) ((NIL NIL "a" "b")) NIL NIL NIL NIL NIL)');
  assert.equal(inner.kind, 'multipart');
  assert.equal(text(bytes, inner.children[0] as Part), 'plain');
  assert.equal(message.bodyStart, inner.headerStart);
  // The line end before the outer boundary is not the message's: seven lines remain.
  assert.equal(message.lines, 7);
  assert.equal(text(bytes, message).split('\r\n').length, 8);
});

test('parts of a digest are messages unless they say otherwise', () => {
  const { root } = parseMessage(
    lines('Content-Type: multipart/digest; boundary=b', '', '--b', '', 'Subject: one', '', 'text', '--b', 'Content-Type: text/plain', '', 'x', '--b--'),
  );
  assert.deepEqual(
    root.children.map((part) => part.kind),
    ['message', 'leaf'],
  );
});

test('a missing end boundary, a missing empty line and an outer boundary end what is open', () => {
  const bytes = lines(
    'Content-Type: multipart/mixed; boundary=outer',
    '',
    '--outer',
    'Content-Type: multipart/mixed; boundary=inner',
    '',
    '--inner',
    'Content-Type: text/plain',
    '--inner',
    '',
    'second',
    '--outer',
    '',
    'last',
  );
  const { root } = parseMessage(bytes);
  const [inner, last] = root.children as [Part, Part];
  assert.deepEqual(
    inner.children.map((part) => text(bytes, part)),
    ['', 'second'],
  );
  assert.equal(text(bytes, last), 'last\r\n');
});

test('white space may follow a boundary, other text may not', () => {
  const bytes = lines(
    'Content-Type: multipart/mixed; boundary=b',
    '',
    '--b \t',
    '',
    'one',
    '--bb',
    '--b-',
    '-- b',
    '--b--x',
    '--b--  ',
    '--b',
    'after the end',
  );
  const { root } = parseMessage(bytes);
  assert.deepEqual(
    root.children.map((part) => text(bytes, part)),
    ['one\r\n--bb\r\n--b-\r\n-- b\r\n--b--x'],
  );
});

test('a multipart whose boundary never comes is shown as plain text', () => {
  for (const type of ['multipart/mixed', 'multipart/mixed; boundary=never', 'multipart/mixed; boundary=""']) {
    const { root } = parseMessage(lines(`Content-Type: ${type}`, '', 'one', 'two'));
    assert.deepEqual([root.kind, root.content.type, root.content.subtype, root.lines], ['leaf', 'text', 'plain', 2]);
  }
});

test('line ends without CR work as well', () => {
  const bytes = Buffer.from('Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\none\n\n--b--\n');
  const { root } = parseMessage(bytes);
  assert.equal(text(bytes, root.children[0] as Part), 'one\n');
});

test('a CR alone is content', () => {
  const bytes = Buffer.from('Subject: x\r\n\rno end\r\n\r\n\rbody\r--b\r');
  const { root, header } = parseMessage(bytes);
  assert.equal(text(bytes, root), '\rbody\r--b\r');
  assert.equal(header.count, 1);
});

test('beyond the limits the tree gets coarser and nothing else changes', () => {
  const limits: ParserLimits = { ...DEFAULT_LIMITS, parts: 3, depth: 3 };
  const many = lines('Content-Type: multipart/mixed; boundary=b', '', ...Array.from({ length: 5 }, (_, i) => ['--b', '', `part ${i}`]).flat(), '--b--');
  const wide = parseMessage(many, limits).root;
  assert.equal(wide.children.length, 2);
  assert.match(text(many, wide.children[1] as Part), /^part 1[^]*part 4$/);

  const deep = parseMessage(lines(...Array.from({ length: 6 }, () => ['Content-Type: message/rfc822', '']).flat(), 'text'), limits).root;
  let depth = 1;
  let last = deep;
  for (; last.children[0] !== undefined; last = last.children[0]) depth++;
  assert.equal(depth, 3);
  assert.equal(last.kind, 'leaf');

  const long = parseMessage(lines(`X: ${'x'.repeat(1000)}`, 'Subject: lost', '', 'body'), { ...limits, headerBytes: 100 });
  assert.equal(long.header.bytes.length, 100);
  assert.equal(long.root.bodyStart, long.sizeBytes - 6);
});

test('in pieces of any size the result is the same as at once', () => {
  fc.assert(
    fc.property(mail, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 }), (bytes, sizes) => {
      const parser = new MessageParser(SMALL_LIMITS);
      for (let at = 0, i = 0; at < bytes.length; i++) {
        const size = sizes[i % sizes.length] as number;
        const piece = Buffer.from(bytes.subarray(at, at + size));
        parser.write(piece);
        // What was written must not be kept.
        piece.fill(0xff);
        at += size;
      }
      assert.deepEqual(plain(parser.end()), plain(parseMessage(bytes, SMALL_LIMITS)));
    }),
    { numRuns: 2000 },
  );
});

test('whatever comes, ranges lie inside one another and in order', () => {
  fc.assert(
    fc.property(fc.oneof(mail, fc.uint8Array({ maxLength: 300 })), (bytes) => {
      const { root, sizeBytes } = parseMessage(bytes, SMALL_LIMITS);
      assert.equal(sizeBytes, bytes.length);
      assert.deepEqual([root.headerStart, root.bodyEnd], [0, bytes.length]);
      let parts = 0;
      const check = (part: Part, depth: number): void => {
        parts++;
        assert.ok(depth <= SMALL_LIMITS.depth);
        assert.ok(part.headerStart <= part.bodyStart && part.bodyStart <= part.bodyEnd);
        assert.equal(part.kind === 'leaf', part.children.length === 0);
        let after = part.bodyStart;
        for (const child of part.children) {
          assert.ok(child.headerStart >= after && child.bodyEnd <= part.bodyEnd);
          after = child.bodyEnd;
          check(child, depth + 1);
        }
        if (part.content.type === 'text')
          assert.equal(part.lines, Buffer.from(bytes.subarray(part.bodyStart, part.bodyEnd)).filter((byte) => byte === 10).length);
      };
      check(root, 1);
      assert.ok(parts <= SMALL_LIMITS.parts);
    }),
    { numRuns: 2000 },
  );
});

test('time grows with the size of the message only', () => {
  for (const [name, hostile] of Object.entries(HOSTILE)) {
    const messages = new Map<number, Buffer>();
    assertLinear(name, 2000, (size) => {
      const bytes = messages.get(size) ?? hostile(size);
      messages.set(size, bytes);
      const parser = new MessageParser();
      for (let at = 0; at < bytes.length; at += 1000) parser.write(bytes.subarray(at, at + 1000));
      parser.end();
    });
  }
});

const BOUNDARIES = Array.from({ length: 45 }, (_, i) => `${'x'.repeat(60)}${i}`);
const NESTED = BOUNDARIES.flatMap((boundary) => [`Content-Type: multipart/mixed; boundary=${boundary}`, '', `--${boundary}`]);

const HOSTILE: Readonly<Record<string, (size: number) => Buffer>> = {
  'lines that are nearly boundaries': (size) => lines(...NESTED, '', `--${'x'.repeat(62)}\r\n`.repeat(size)),
  'parts without end': (size) => lines('Content-Type: multipart/mixed; boundary=b', '', '--b\r\n'.repeat(size)),
  'one endless line of dashes': (size) => Buffer.alloc(size * 10, '-'),
  'a header without end': (size) => Buffer.concat([Buffer.from('Subject: '), Buffer.alloc(size * 10, ' x\r\n ')]),
  'parameters without end': (size) => lines(`Content-Type: multipart/mixed; ${'a="b; '.repeat(size)}`, '', 'x'),
  'quotes without end': (size) =>
    lines(`From: ${'"'.repeat(size)}`, `To: ${'<'.repeat(size)}`, `Cc: ${'('.repeat(size)}`, `Bcc: ${'=?'.repeat(size)}`, '', 'x'),
};

const SMALL_LIMITS: ParserLimits = { parts: 12, depth: 4, headerBytes: 200, detailBytes: 2000 };

/** Mail-like nonsense: what makes structure, in any order. */
const fragment = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('--a', '--b', '--a--', '--b--', '--', '-', '', ' ', 'x', 'Subject: s', 'To: x@y', ' folded', '\tfolded') },
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      'Content-Type: multipart/mixed; boundary=a',
      'Content-Type: multipart/digest; boundary=b',
      'Content-Type: message/rfc822',
      'Content-Type: text/html; charset=utf-8',
    ),
  },
  { weight: 1, arbitrary: fc.string({ maxLength: 12 }) },
);
const lineEnd = fc.oneof({ weight: 8, arbitrary: fc.constant('\r\n') }, { weight: 2, arbitrary: fc.constantFrom('\n', '\r', '', '\n\n', '\r\n\r\n') });
const mail = fc.array(fc.tuple(fragment, lineEnd), { maxLength: 40 }).map((pieces) => Buffer.from(pieces.flat().join(''), 'latin1'));

function lines(...all: readonly string[]): Buffer {
  return Buffer.from(`${all.join('\r\n')}\r\n`, 'latin1');
}

function text(bytes: Buffer, part: Part): string {
  return bytes.toString('latin1', part.bodyStart, part.bodyEnd);
}

function outline(part: Part): unknown {
  return {
    type: `${part.content.type}/${part.content.subtype}`,
    header: [part.headerStart, part.bodyStart],
    body: [part.bodyStart, part.bodyEnd],
    lines: part.lines,
  };
}

function plain(message: ParsedMessage): unknown {
  const { header, plainSample, htmlSample, ...rest } = message;
  return {
    ...rest,
    header: header.bytes.toString('latin1'),
    plain: plainSample && [plainSample.part, plainSample.bytes.toString('latin1')],
    html: htmlSample && [htmlSample.part, htmlSample.bytes.toString('latin1')],
  };
}
