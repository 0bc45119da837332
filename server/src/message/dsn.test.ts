import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simpleParser } from 'mailparser';
import PostalMime from 'postal-mime';
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
    `Chodzi o Twoją wiadomość:

  Temat: Hej
  Wysłana: 23 listopada 2026 12:00 CET

Nie udało się jej dostarczyć do:

  anna@example.net
    Taki adres nie istnieje.
    Sprawdź, czy w adresie nie ma literówki, albo zapytaj adresata o
    właściwy adres.

Nagłówek Twojej wiadomości jest w załączniku.

Dla administratora:

  anna@example.net
    mx.example.net [192.0.2.1] odpowiedział: 550 5.1.1 unknown
`.replaceAll('\n', '\r\n'),
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
    buildDsn(
      dsnWith({
        returned: 'message',
        language: 'en',
        recipients: [{ address: 'a@b', action: 'delayed', status: '4.4.1', nextAttemptMs: until - 3600_000, retryUntilMs: until }],
      }),
    ),
  );
  assert.deepEqual(parts, ['text/plain', 'message/delivery-status', 'message/rfc822']);
  assert.match(
    texts[0] as string,
    /We try again at 28 November 2026 at 12:00 CET\. We keep trying until 28\r\nNovember 2026 at 13:00 CET, and let you know if it does not succeed\./,
  );
  assert.match(texts[1] as string, /Will-Retry-Until: Sat, 28 Nov 2026 12:00:00 \+0000\r\n/);
});

test('mail programs read it as it was meant', async () => {
  const bytes = buildDsn(dsnWith({}));
  const parsed = await simpleParser(bytes);
  assert.equal(parsed.subject, 'Nie udało się dostarczyć Twojej wiadomości');
  assert.match(parsed.text ?? '', /^Chodzi o Twoją wiadomość:\n\n {2}Temat: Hej\n/);
  // It shows the part for programs as text too.
  assert.match(parsed.text ?? '', /Final-Recipient: rfc822; anna@example\.net/);
  const other = await PostalMime.parse(bytes);
  assert.equal(other.subject, parsed.subject);
  assert.match(other.text ?? '', /Taki adres nie istnieje\./);
  const status = other.attachments.find(({ mimeType }) => mimeType === 'message/delivery-status');
  assert.match(String(status && Buffer.from(status.content as ArrayBuffer)), /^Final-Recipient: rfc822; anna@example\.net\r?\nAction: failed/m);
});

test('a code that is none, and a name that is none, do not get into the fields', () => {
  const recipients = [{ address: 'a@b', action: 'failed', status: 'x', remoteHost: '??', diagnostic: 'no' }] as const;
  const { texts } = read(buildDsn(dsnWith({ recipients })));
  assert.match(texts[1] as string, /Status: 5\.0\.0\r\nDiagnostic-Code: smtp; no\r\n/);
});

test('a header that is not ASCII is encoded where the sender takes only that', () => {
  const original = Buffer.from('Subject: żółw\r\n\r\nx\r\n');
  const bytes = buildDsn(dsnWith({ original }));
  assert.doesNotMatch(bytes.toString('latin1'), /[\x80-\xff]/);
  assert.equal(read(bytes).texts[2], 'Subject: żółw\r\n\r\n');
});

test('internationalised addresses go out in UTF-8 only where the sender takes that', () => {
  const recipients = [{ address: 'żółw+a@example.net', action: 'failed', status: '5.1.1' }] as const;
  const plain = buildDsn(dsnWith({ recipients }));
  assert.match(plain.toString('latin1'), /Final-Recipient: utf-8; \\x\{17C\}\\x\{F3\}\\x\{142\}w\\x\{2B\}a@example\.net/);
  assert.doesNotMatch(plain.toString('latin1'), /[\x80-\xff]/);
  const original = Buffer.from('Subject: żółw\r\n\r\nx\r\n');
  const utf8 = read(buildDsn(dsnWith({ recipients, original, smtpUtf8: true })));
  assert.deepEqual(utf8.parts, ['text/plain', 'message/global-delivery-status', 'message/global-headers']);
  assert.match(utf8.bytes.toString('utf8'), /Final-Recipient: utf-8; żółw\+a@example\.net/);
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
    timeZone: 'Europe/Warsaw',
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
        remoteHost: 'mx.example.net [192.0.2.1]',
        cause: 'Taki adres nie istnieje.',
        remedy: 'Sprawdź, czy w adresie nie ma literówki, albo zapytaj adresata o właściwy adres.',
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
