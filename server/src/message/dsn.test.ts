import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildDsn, type Dsn } from './dsn.ts';
import { decodeWords } from './encoded-word.ts';
import { parseMessage } from './parse.ts';
import type { Part } from './part.ts';
import { decodeStructure, encodeStructure } from './structure.ts';
import { partText } from './text.ts';

test('a bounce has a part for people, one for programs, and the header of the message', () => {
  const { header, parts, texts } = read(buildDsn(dsnWith({})));
  assert.equal(header.first('content-type'), 'multipart/report; report-type=delivery-status; boundary="=_u1.0"');
  assert.equal(header.first('auto-submitted'), 'auto-replied');
  assert.equal(decodeWords(header.first('subject') ?? ''), 'Nie udało się dostarczyć Twojej wiadomości');
  assert.equal(header.first('in-reply-to'), '<id@example.com>');
  assert.deepEqual(parts, ['text/plain', 'message/delivery-status', 'text/rfc822-headers']);
  assert.equal(
    texts[0],
    [
      'Nie udało się dostarczyć Twojej wiadomości do:',
      '  anna@example.net\n    Taki adres nie istnieje. Sprawdź, czy nie ma w nim literówki.\n    Serwer mx.example.net odpowiedział: 550 5.1.1 unknown',
      'Temat Twojej wiadomości: Hej',
      'Nagłówek Twojej wiadomości jest w załączniku.\n',
    ]
      .join('\n\n')
      .replaceAll('\n', '\r\n'),
  );
  assert.equal(
    texts[1],
    [
      'Original-Envelope-Id: QQ314159',
      'Reporting-MTA: dns; mail.example.com',
      'Arrival-Date: Mon, 23 Nov 2026 11:00:00 +0000',
      '',
      'Original-Recipient: rfc822; Anna@example.net',
      'Final-Recipient: rfc822; anna@example.net',
      'Action: failed',
      'Status: 5.1.1',
      'Remote-MTA: dns; mx.example.net',
      'Diagnostic-Code: smtp; 550 5.1.1 unknown',
      'Last-Attempt-Date: Mon, 23 Nov 2026 12:00:00 +0000',
      '',
    ].join('\r\n'),
  );
  assert.equal(texts[2], 'Subject: Hej\r\nMessage-ID: <id@example.com>\r\n\r\n');
});

test('the whole message can be returned, and delays say how long we try', () => {
  const until = Date.UTC(2026, 10, 28, 12);
  const { parts, texts } = read(
    buildDsn(dsnWith({ returned: 'message', language: 'en', recipients: [{ address: 'a@b', action: 'delayed', status: '4.4.1', retryUntilMs: until }] })),
  );
  assert.deepEqual(parts, ['text/plain', 'message/delivery-status', 'message/rfc822']);
  assert.match(texts[0] as string, /We try until Sat, 28 Nov 2026 12:00:00 \+0000/);
  assert.match(texts[1] as string, /Will-Retry-Until: Sat, 28 Nov 2026 12:00:00 \+0000\r\n/);
});

test('internationalised addresses go out in UTF-8 only where the sender takes that', () => {
  const recipients = [{ address: 'żółw@example.net', action: 'failed', status: '5.1.1' }] as const;
  const plain = buildDsn(dsnWith({ recipients }));
  assert.match(plain.toString('latin1'), /Final-Recipient: utf-8; \\x\{17C\}\\x\{F3\}\\x\{142\}w@example\.net/);
  assert.doesNotMatch(plain.toString('latin1'), /[\x80-\xff]/);
  const original = Buffer.from('Subject: żółw\r\n\r\nx\r\n');
  const utf8 = read(buildDsn(dsnWith({ recipients, original, smtpUtf8: true })));
  assert.deepEqual(utf8.parts, ['text/plain', 'message/global-delivery-status', 'message/global-headers']);
  assert.match(utf8.bytes.toString('utf8'), /Final-Recipient: utf-8; żółw@example\.net/);
});

test('what others said cannot make fields of its own', () => {
  const evil = 'x\r\nFinal-Recipient: rfc822; boss@example.com';
  const { texts } = read(
    buildDsn(
      dsnWith({
        envelopeId: evil,
        recipients: [{ address: evil, originalRecipient: evil, action: 'failed', status: '5.0.0', diagnostic: evil, remoteHost: evil }],
      }),
    ),
  );
  assert.equal((texts[1] as string).match(/^Final-Recipient/gm)?.length, 1);
});

function dsnWith(changes: Partial<Dsn>): Dsn {
  return {
    reportingHost: 'mail.example.com',
    from: { name: 'Mail Delivery', localPart: 'postmaster', domain: 'example.com' },
    to: { localPart: 'jan', domain: 'example.com' },
    language: 'pl',
    nowMs: Date.UTC(2026, 10, 23, 12),
    arrivalMs: Date.UTC(2026, 10, 23, 11),
    envelopeId: 'QQ314159',
    unique: 'u1',
    recipients: [
      {
        address: 'anna@example.net',
        originalRecipient: 'rfc822;Anna@example.net',
        action: 'failed',
        status: '5.1.1',
        remoteHost: 'mx.example.net',
        diagnostic: '550 5.1.1 unknown',
        lastAttemptMs: Date.UTC(2026, 10, 23, 12),
      },
    ],
    original: Buffer.from('Subject: Hej\r\nMessage-ID: <id@example.com>\r\n\r\nbody\r\n'),
    returned: 'header',
    smtpUtf8: false,
    ...changes,
  };
}

function read(bytes: Buffer): { bytes: Buffer; header: ReturnType<typeof parseMessage>['header']; parts: readonly string[]; texts: readonly string[] } {
  const { header, root } = parseMessage(bytes);
  const structure = decodeStructure(encodeStructure(root));
  return {
    bytes,
    header,
    parts: root.children.map((part: Part) => `${part.content.type}/${part.content.subtype}`),
    texts: structure.children.map((part) => partText(part, bytes.subarray(part.bodyStart, part.bodyEnd))),
  };
}
