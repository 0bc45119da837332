import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isDsn, readDeliveryStatus } from './read-dsn.ts';

test('the fields of each recipient are read, with the words of the server that said no', () => {
  const status = [
    'Reporting-MTA: dns; MX.example.org',
    'Arrival-Date: Mon, 23 Nov 2026 12:00:00 +0000',
    '',
    'Final-Recipient: rfc822; one@example.org',
    'Action: failed',
    'Status: 5.1.1 (unknown)',
    'Diagnostic-Code: smtp; 550 5.1.1',
    ' <one@example.org> unknown',
    '',
    'Final-Recipient: rfc822; two@example.org',
    'Action: Delayed',
    'Status: 4.4.1',
    'Remote-MTA: dns; inner.example.org',
    '',
    'Action: failed',
    '',
  ].join('\r\n');
  deepEqual(readDeliveryStatus(Buffer.from(status)), [
    { action: 'failed', status: '5.1.1', host: 'mx.example.org', diagnostic: '550 5.1.1 <one@example.org> unknown' },
    { action: 'delayed', status: '4.4.1', host: 'inner.example.org', diagnostic: '4.4.1' },
    { action: 'failed', status: '5.0.0', host: 'mx.example.org', diagnostic: '5.0.0' },
  ]);
});

test('a notification is known by its Content-Type', () => {
  for (const type of ['multipart/report; report-type=delivery-status; boundary=b', 'Multipart/Report; boundary="b"; Report-Type="Delivery-Status"'])
    equal(isDsn(type), true);
  for (const type of ['', 'multipart/report; report-type=feedback-report', 'multipart/mixed; report-type=delivery-status', 'text/plain'])
    equal(isDsn(type), false);
});

test('any octets are read to some bounded end', () => {
  const pieces = fc.constantFrom('Action: failed', 'Status: 5.1.1', '\r\n', '\n', '\n\n', '\0', ': ', 'é', 'Diagnostic-Code: ', 'x'.repeat(3000));
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 400 }), (parts) => {
      const found = readDeliveryStatus(Buffer.from(parts.join('')));
      equal(found.length <= 100 && found.every(({ diagnostic }) => diagnostic.length <= 500), true);
    }),
  );
});
