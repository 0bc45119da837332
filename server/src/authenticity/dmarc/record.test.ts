import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseDmarcRecord, readReportUri } from './record.ts';
import { namesToAsk } from './tree-walk.ts';

const DEFAULTS = { p: undefined, sp: undefined, np: undefined, hasBadSubdomainPolicy: false, adkim: 'r', aspf: 'r', isTesting: false, psd: 'u', rua: [] };

test('a record is known by its version, first and as it is written', () => {
  for (const text of ['v=DMARC1', 'v=DMARC1;', 'V = DMARC1 ;p=none', 'v=DMARC1; P=none']) assert.ok(parseDmarcRecord(text), text);
  for (const text of [
    'v=dmarc1; p=none',
    'v=DMARC1 p=none',
    'v=DMARC10',
    ' v=DMARC1',
    'p=none; v=DMARC1',
    'DMARC1; p=none',
    '',
    'v=spf1 -all',
    `v=DMARC1;${'x'.repeat(70_000)}`,
  ])
    assert.equal(parseDmarcRecord(text), undefined, text.slice(0, 30));
});

test('tags are read whatever their order, and what cannot be read counts as absent', () => {
  assert.deepEqual(
    parseDmarcRecord(
      'v=DMARC1; rua=mailto:a@example.test!10m , mailto:b@Ex\u00e4mple.test,https://x.test/r; p = Reject;sp=none;np=quarantine;adkim=s;aspf=S;t=y;psd=n;',
    ),
    {
      ...DEFAULTS,
      p: 'reject',
      sp: 'none',
      np: 'quarantine',
      adkim: 's',
      aspf: 's',
      isTesting: true,
      psd: 'n',
      rua: [
        { uri: 'mailto:a@example.test', host: 'example.test' },
        { uri: 'https://x.test/r', host: undefined },
      ],
    },
  );
  assert.deepEqual(parseDmarcRecord('v=DMARC1; p=rejct; adkim=x; aspf=; t=maybe; psd=q; pct=50; ri=1; foo; =; ;;'), DEFAULTS);
  assert.deepEqual(parseDmarcRecord('v=DMARC1; p=none; sp=jail; p=reject'), { ...DEFAULTS, p: 'none', hasBadSubdomainPolicy: true });
});

test('addresses for reports are URIs with a domain where they are mail', () => {
  assert.deepEqual(readReportUri(' mailto:dmarc%2Bx@Example.Test?subject=x!5g'), { uri: 'mailto:dmarc%2Bx@Example.Test?subject=x', host: 'example.test' });
  for (const text of [
    '',
    'a@example.test',
    'mailto:',
    'mailto:a',
    'mailto:@x.test',
    'mailto:a@',
    'mailto:a@b@c d',
    'mailto:a@[192.0.2.1]',
    'mailto:a@x.test\r\nBcc: b@y.test',
    '1:x',
  ])
    assert.equal(readReportUri(text), undefined, text);
});

test('every text is read or refused', () => {
  const piece = fc.constantFrom('v=DMARC1', ';', 'p', '=', 'none', ' ', '\t', 'rua', 'mailto:', '@', 'x.test', '!', '5m', ',', '%40', 'é', '\0', '\r\n');
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(piece, { maxLength: 80 }).map((parts) => parts.join('')),
        fc.string(),
      ),
      (text) => {
        const record = parseDmarcRecord(`v=DMARC1;${text}`);
        assert.ok(record && record.rua.length <= 20);
        for (const { uri } of record.rua) assert.match(uri, /^[\x21-\x7e]+$/);
      },
    ),
    { numRuns: 1000 },
  );
  parseDmarcRecord(`v=DMARC1;rua=mailto:${'%40'.repeat(20_000)}`);
  parseDmarcRecord(`v=DMARC1${' '.repeat(60_000)}x`);
  parseDmarcRecord(`v=DMARC1;${' '.repeat(30_000)}p${' '.repeat(30_000)}x`);
});

test('a walk asks for eight names at most', () => {
  assert.deepEqual(namesToAsk('a.mail.example.com'), ['a.mail.example.com', 'mail.example.com', 'example.com', 'com']);
  assert.deepEqual(namesToAsk('com'), ['com']);
  assert.deepEqual(namesToAsk('a.b.c.d.e.f.g.h.i.j.mail.example.com'), [
    'a.b.c.d.e.f.g.h.i.j.mail.example.com',
    'g.h.i.j.mail.example.com',
    'h.i.j.mail.example.com',
    'i.j.mail.example.com',
    'j.mail.example.com',
    'mail.example.com',
    'example.com',
    'com',
  ]);
  assert.equal(namesToAsk('1.2.3.4.5.6.7.8').length, 8);
});
