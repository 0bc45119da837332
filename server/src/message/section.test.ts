import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseMessage } from './parse.ts';
import type { Part } from './part.ts';
import { type Section, sectionRange } from './section.ts';
import { decodeStructure, encodeStructure, type StructurePart } from './structure.ts';

/** The example of RFC 9051 §6.4.5.1, every part with its number as text. */
const EXAMPLE = [
  'Content-Type: multipart/mixed; boundary=top',
  '',
  '--top',
  'Content-Type: text/plain',
  '',
  'one',
  '--top',
  'Content-Type: application/octet-stream',
  '',
  'two',
  '--top',
  'Content-Type: message/rfc822',
  'X-Part: 3',
  '',
  'Subject: three',
  'Content-Type: multipart/mixed; boundary=three',
  '',
  '--three',
  '',
  'three-one',
  '--three',
  'Content-Type: application/octet-stream',
  '',
  'three-two',
  '--three--',
  '--top',
  'Content-Type: multipart/mixed; boundary=four',
  '',
  '--four',
  'Content-Type: image/gif',
  'X-Part: 4.1',
  '',
  'four-one',
  '--four',
  'Content-Type: message/rfc822',
  '',
  'Subject: four-two',
  '',
  'plain inner text',
  '--four--',
  '--top--',
  '',
].join('\r\n');

test('sections name the octets that the RFC says', () => {
  const cases: Record<string, string | undefined> = {
    '1': 'one',
    '2': 'two',
    '1.MIME': 'Content-Type: text/plain\r\n\r\n',
    '1.HEADER': undefined,
    '1.TEXT': undefined,
    '1.1': undefined,
    '3.MIME': 'Content-Type: message/rfc822\r\nX-Part: 3\r\n\r\n',
    '3.HEADER': 'Subject: three\r\nContent-Type: multipart/mixed; boundary=three\r\n\r\n',
    '3.TEXT': '--three\r\n\r\nthree-one\r\n--three\r\nContent-Type: application/octet-stream\r\n\r\nthree-two\r\n--three--',
    '3.1': 'three-one',
    '3.2': 'three-two',
    '3.3': undefined,
    '4.MIME': 'Content-Type: multipart/mixed; boundary=four\r\n\r\n',
    '4.HEADER': undefined,
    '4.1': 'four-one',
    '4.1.MIME': 'Content-Type: image/gif\r\nX-Part: 4.1\r\n\r\n',
    '4.2.HEADER': 'Subject: four-two\r\n\r\n',
    '4.2.TEXT': 'plain inner text',
    '4.2.1': 'plain inner text',
    '4.2.1.MIME': 'Subject: four-two\r\n\r\n',
    '4.2.2': undefined,
    '4.2.1.1': undefined,
    '5': undefined,
    '0': undefined,
    HEADER: 'Content-Type: multipart/mixed; boundary=top\r\n\r\n',
    '': EXAMPLE,
  };
  for (const [section, expected] of Object.entries(cases)) assert.equal(cut(EXAMPLE, section), expected, section);
});

test('part 1 of a message that is no multipart is its body', () => {
  const message = 'Subject: x\r\n\r\nbody\r\n';
  assert.deepEqual(
    ['1', '1.MIME', 'TEXT', '1.TEXT', '1.1', '2', 'MIME'].map((section) => cut(message, section)),
    ['body\r\n', 'Subject: x\r\n\r\n', 'body\r\n', undefined, undefined, undefined, undefined],
  );
});

test('a message that is itself a message part', () => {
  const message = 'Content-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nbody\r\n';
  assert.deepEqual(
    ['1', '1.HEADER', '1.TEXT', '1.1', '1.1.MIME', '1.1.1'].map((section) => cut(message, section)),
    ['Subject: in\r\n\r\nbody\r\n', 'Subject: in\r\n\r\n', 'body\r\n', 'body\r\n', 'Subject: in\r\n\r\n', undefined],
  );
});

test('a prefix belongs to the header of the message and moves everything else', () => {
  const prefix = 'Return-Path: <>\r\n';
  const whole = prefix + EXAMPLE;
  for (const section of ['', 'HEADER', 'TEXT', '1', '3.HEADER', '4.2.TEXT', '3.MIME']) {
    const range = sectionRange(structureOf(EXAMPLE), parseSection(section), prefix.length);
    const plain = cut(EXAMPLE, section);
    assert.equal(whole.slice(range?.start, range?.end), section === '' || section === 'HEADER' ? prefix + plain : plain, section);
  }
});

test('the compact form keeps the tree', () => {
  const line = fc.constantFrom(
    'Content-Type: multipart/mixed; boundary=a',
    'Content-Type: message/rfc822',
    'Content-Type: text/plain; format=flowed; delsp=yes; charset=UTF-8',
    'Content-Type: x-a/x-b',
    '--a',
    '--a--',
    '',
    'text',
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 40 }), (lines) => {
      const { root } = parseMessage(Buffer.from(lines.join('\r\n')));
      const same = (part: Part, read: StructurePart): void => {
        assert.deepEqual(
          [read.kind, read.headerStart, read.bodyStart, read.bodyEnd, read.lines, read.type, read.subtype, read.children.length],
          [part.kind, part.headerStart, part.bodyStart, part.bodyEnd, part.lines, part.content.type, part.content.subtype, part.children.length],
        );
        for (const [i, child] of part.children.entries()) same(child, read.children[i] as StructurePart);
      };
      same(root, decodeStructure(encodeStructure(root)));
    }),
    { numRuns: 1000 },
  );
  assert.equal(encodeStructure(parseMessage(Buffer.from('Content-Type: text/plain; charset=utf-8\r\n\r\nx')).root).length, 10);
});

function cut(message: string, section: string): string | undefined {
  const range = sectionRange(structureOf(message), parseSection(section));
  return range === undefined ? undefined : message.slice(range.start, range.end);
}

function structureOf(message: string): StructurePart {
  return decodeStructure(encodeStructure(parseMessage(Buffer.from(message, 'latin1')).root));
}

function parseSection(text: string): Section {
  const words = text === '' ? [] : text.split('.');
  const last = words.at(-1);
  const name = last === 'HEADER' || last === 'TEXT' || last === 'MIME' ? last : undefined;
  return { parts: (name === undefined ? words : words.slice(0, -1)).map(Number), text: name };
}
