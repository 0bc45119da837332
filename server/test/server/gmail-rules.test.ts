/** The receiving server that judges as Gmail does, rule by rule: what a forward must get past. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeDns, type Zone } from '../support/dns.ts';
import { type GmailVerdict, judgeAsGmail, type MailAtGmail } from '../support/gmail-rules.ts';

const zone: Zone = {
  '5.113.0.203.in-addr.arpa': { PTR: ['mail.here.test'] },
  'mail.here.test': { A: ['203.0.113.5'] },
  '6.113.0.203.in-addr.arpa': { PTR: ['elsewhere.test'] },
  'here.test': { TXT: ['v=spf1 ip4:203.0.113.0/24 -all'] },
  'loose.test': { TXT: ['v=spf1 -all'] },
  '_dmarc.strict.test': { TXT: ['v=DMARC1; p=reject'] },
  '_dmarc.careful.test': { TXT: ['v=DMARC1; p=quarantine'] },
};

const FIELDS = 'Date: Mon, 23 Nov 2026 12:00:00 +0000\r\nMessage-ID: <a@b>\r\n';

const cases: ReadonlyArray<{
  readonly what: string;
  readonly mail?: Partial<MailAtGmail>;
  readonly from?: string;
  readonly address?: string;
  readonly expected: string;
}> = [
  { what: 'a sender whose SPF passes', expected: 'inbox' },
  { what: 'no TLS', mail: { isSecure: false }, expected: '421 4.7.29' },
  { what: 'an address without a name', address: '203.0.113.77', expected: '550 5.7.25' },
  { what: 'a name that does not lead back', address: '203.0.113.6', expected: '550 5.7.25' },
  { what: 'neither SPF nor DKIM', mail: { sender: 'a@loose.test' }, expected: '550 5.7.26' },
  { what: 'the null sender without SPF of the HELO name', mail: { sender: '' }, expected: '550 5.7.26' },
  { what: 'an author whose domain rejects what is not aligned', from: 'From: a@strict.test', expected: '550 5.7.26' },
  { what: 'an author whose domain quarantines it', from: 'From: a@careful.test', expected: 'spam' },
  { what: 'no author', from: 'X: y', expected: '550 5.7.1' },
  { what: 'an author without an address', from: 'From: Somebody', expected: '550 5.7.1' },
  { what: 'two authors', from: 'From: a@here.test, b@here.test', expected: '550 5.7.1' },
  { what: 'two From fields', from: 'From: a@here.test\r\nFrom: b@here.test', expected: '550 5.7.1' },
  { what: 'two subjects', from: 'From: a@here.test\r\nSubject: a\r\nSubject: b', expected: '550 5.7.1' },
  { what: 'no date', mail: { text: 'From: a@here.test\r\nMessage-ID: <a@b>\r\n\r\n' }, expected: '550 5.7.1' },
];

for (const { what, mail, from = 'From: a@here.test', address = '203.0.113.5', expected } of cases) {
  test(`${what}: ${expected}`, async () => {
    await using dns = await FakeDns.start(zone);
    const whole: MailAtGmail = {
      sender: 'a@here.test',
      helo: 'mail.here.test',
      recipients: [],
      isSecure: true,
      text: `${from}\r\n${FIELDS}\r\ntext\r\n`,
      ...mail,
    };
    assert.equal(shown(await judgeAsGmail({ resolver: dns.resolver(), clientAddress: address }, whole)), expected);
  });
}

function shown(verdict: GmailVerdict): string {
  return verdict.kind === 'refused' ? `${verdict.reply.code} ${verdict.reply.text.split(' ')[0]}` : verdict.kind;
}
