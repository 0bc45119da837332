import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseMessage } from '#message/parse.ts';
import { decodeTransfer } from '#message/transfer.ts';
import { withoutNul } from './binary-parts.ts';

const binary = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.concat([bytes, Buffer.of(0)]));

test('a part with NUL is encoded and decodes to the same octets, and the other parts stay as they were', () => {
  fc.assert(
    fc.property(binary, fc.constantFrom('binary', '8bit', '7bit'), (octets, encoding) => {
      const text = '--b\r\nContent-Type: text/plain\r\n\r\nhi\r\n--b\r\nContent-Type: application/octet-stream\r\n';
      const head = Buffer.from(
        `Subject: s\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n${text}Content-Transfer-Encoding: ${encoding}\r\n\r\n`,
      );
      const converted = withoutNul(Buffer.concat([head, octets, Buffer.from('\r\n--b--\r\n')]));
      // Octets that look like a boundary make other parts of it.
      if (converted === undefined || octets.includes('--b')) return;
      equal(converted.includes(0), false);
      const part = parseMessage(converted).root.children[1];
      deepEqual(part && Buffer.from(decodeTransfer(converted.subarray(part.bodyStart, part.bodyEnd), 'base64')), octets);
      equal(converted.toString('latin1').startsWith(`${head.toString('latin1').slice(0, -encoding.length - 31)}`), true);
    }),
  );
});

test('a message of one part gets MIME-Version with its encoding', () => {
  const converted = withoutNul(Buffer.from('Subject: s\r\nContent-Type: image/x\r\n\r\n\0\x01'));
  equal(converted?.toString('latin1'), 'Subject: s\r\nContent-Type: image/x\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n\r\nAAE=\r\n');
});

test('a part of an attached message is encoded there, and the message gets MIME-Version too', () => {
  const inner = 'Subject: in\r\nContent-Transfer-Encoding: binary\r\n\r\n\0';
  const converted = withoutNul(Buffer.from(`Content-Type: message/rfc822\r\nContent-Transfer-Encoding: binary\r\n\r\n${inner}`));
  equal(
    converted?.toString('latin1'),
    'Content-Type: message/rfc822\r\nContent-Transfer-Encoding: binary\r\n\r\nSubject: in\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n\r\nAA==\r\n',
  );
});

test('NUL in a header, between parts, in an encoded part or in what is signed cannot be taken out', () => {
  const multipart = (subtype: string, preamble: string, encoding: string): string =>
    `Content-Type: multipart/${subtype}; boundary=b\r\n\r\n${preamble}--b\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\nx\0\r\n--b--\r\n`;
  for (const message of ['Subject: \0\r\n\r\nhi', multipart('mixed', '\0\r\n', 'binary'), multipart('mixed', '', 'base64'), multipart('signed', '', 'binary')])
    equal(withoutNul(Buffer.from(message)), undefined, message);
});
