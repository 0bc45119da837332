import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type BuiltPart, buildMessage, dateField, messageIdField, writeField } from './build.ts';
import { decodeWords } from './encoded-word.ts';
import { decodeParameter } from './parameter-text.ts';
import { parseMessage } from './parse.ts';
import type { Part } from './part.ts';
import { partText } from './text.ts';
import { decodeStructure, encodeStructure, type StructurePart } from './structure.ts';
import { decodeTransfer } from './transfer.ts';

test('a message with text, HTML and a file', () => {
  const built = buildMessage(
    [
      { name: 'From', addresses: [{ name: 'Żółw', localPart: 'zolw', domain: 'example.com' }] },
      { name: 'Subject', text: 'Zażółć' },
      dateField(Date.UTC(2026, 10, 23, 12), 60),
      messageIdField('abc', 0, 'example.com'),
    ],
    {
      kind: 'multipart',
      subtype: 'mixed',
      parts: [
        { kind: 'text', subtype: 'plain', text: 'Cześć, Janie!\n' },
        { kind: 'bytes', type: 'application/pdf', bytes: Buffer.from([0, 1, 2]), disposition: { value: 'attachment', fileName: 'plik ą.pdf' } },
      ],
    },
    { unique: 'u1' },
  );
  assert.equal(
    built.toString('latin1'),
    [
      'From: =?UTF-8?B?xbvDs8WCdw==?= <zolw@example.com>',
      'Subject: =?UTF-8?B?WmHFvMOzxYLEhw==?=',
      'Date: Mon, 23 Nov 2026 13:00:00 +0100',
      'Message-ID: <0.abc@example.com>',
      'MIME-Version: 1.0',
      'Content-Type: multipart/mixed; boundary="=_u1.0"',
      '',
      '--=_u1.0',
      'Content-Type: text/plain; charset=utf-8',
      'Content-Transfer-Encoding: quoted-printable',
      '',
      'Cze=C5=9B=C4=87, Janie!',
      '',
      '--=_u1.0',
      'Content-Type: application/pdf',
      'Content-Transfer-Encoding: base64',
      "Content-Disposition: attachment; filename*=utf-8''plik%20%C4%85.pdf",
      '',
      'AAEC',
      '',
      '--=_u1.0--',
      '',
    ].join('\r\n'),
  );
});

test('what is built is parsed to the same', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 120 }).map((value) => value.toWellFormed());
  const file = fc.record({ bytes: fc.uint8Array({ maxLength: 200 }), fileName: text });
  const part: fc.Arbitrary<BuiltPart> = fc.letrec<{ part: BuiltPart }>((tie) => ({
    part: fc.oneof(
      { depthSize: 'small' },
      text.map((value): BuiltPart => ({ kind: 'text', subtype: 'plain', text: value })),
      file.map(
        ({ bytes, fileName }): BuiltPart => ({ kind: 'bytes', type: 'application/octet-stream', bytes, disposition: { value: 'attachment', fileName } }),
      ),
      fc.array(tie('part'), { minLength: 1, maxLength: 3 }).map((parts): BuiltPart => ({ kind: 'multipart', subtype: 'mixed', parts })),
    ),
  })).part;
  fc.assert(
    fc.property(part, text, fc.boolean(), (body, subject, allowsEightBit) => {
      const bytes = buildMessage([{ name: 'Subject', text: subject }], body, { unique: 'u', allowsEightBit });
      const { header, root } = parseMessage(bytes);
      assert.equal(decodeWords(header.first('subject') ?? '').trim(), subject.replace(/\p{Cc}+/gu, ' ').trim());
      if (!allowsEightBit) assert.doesNotMatch(bytes.toString('latin1'), /[\x80-\xff]/);
      same(body, root, decodeStructure(encodeStructure(root)), bytes);
    }),
  );
});

test('no value makes a field of its own', () => {
  for (const field of [
    { name: 'Subject', text: 'a\r\nBcc: victim@example.com' },
    { name: 'To', addresses: [{ name: 'a\r\nBcc: b', localPart: 'x', domain: 'y' }] },
  ]) {
    for (const allowsUtf8Header of [false, true]) assert.equal(writeField(field, { allowsUtf8Header }).match(/^Bcc/gm), null);
  }
});

function same(built: BuiltPart, part: Part, structure: StructurePart, message: Buffer): void {
  const raw = message.subarray(part.bodyStart, part.bodyEnd);
  switch (built.kind) {
    case 'multipart':
      assert.equal(part.children.length, built.parts.length);
      for (const [i, child] of built.parts.entries()) same(child, part.children[i] as Part, structure.children[i] as StructurePart, message);
      break;
    case 'text':
      assert.equal(
        partText(structure, raw).replace(/\r\n$/, ''),
        built.text
          .replace(/\r\n?|\n/g, '\r\n')
          .replace(/\r\n$/, '')
          .replace(/^\ufeff/, ''),
      );
      break;
    case 'bytes':
      assert.deepEqual(decodeTransfer(raw, structure.encoding).subarray(0, built.bytes.length), Buffer.from(built.bytes));
      assert.equal(decodeParameter(part.content.disposition?.parameters ?? [], 'filename'), built.disposition?.fileName?.replace(/\p{Cc}+/gu, ' '));
      break;
  }
}
