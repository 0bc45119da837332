import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { TrailEventName, TrailDetails } from '../record.ts';
import type { ToldEvent } from './event.ts';
import { tellEvent } from './tell-event.ts';
import { tellStories } from './tell-story.ts';

const CHECKS = {
  action: 'quarantine',
  enforced: true,
  reasons: ['policy-reject', 'dkim-survives'],
  spf: { result: 'pass', domain: 'list.example', scope: 'mfrom' },
  dkim: [
    { result: 'fail', domain: 'example.org', selector: 'a', algorithm: 'rsa-sha256' },
    { result: 'pass', domain: 'list.example', selector: 'b', algorithm: 'ed25519-sha256' },
  ],
  dmarc: { result: 'fail', from: 'example.org', alignedSpf: false, alignedDkim: false },
  arc: { result: 'pass', sealers: ['list.example'] },
  iprev: { result: 'pass', name: 'mx.list.example' },
};
const TLS = { version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384' };
const REMOTE = [{ address: 'x@elsewhere.example', account: null, mailbox: null }];
const JANS = [{ address: 'jan@capri.example', account: 'jan', mailbox: 'Junk' }];
const BY_IMAP = { door: 'imap', login: 'jan', remote: '198.51.100.7' };

const SAMPLES: readonly (readonly [event: Partial<ToldEvent>, english: string, polish: string])[] = [
  [
    { event: 'received', recipients: JANS, details: { protocol: 'ESMTPS', remote: '192.0.2.1', helo: 'x', tls: TLS, checks: CHECKS } },
    "Received from mx.list.example (192.0.2.1) over TLS 1.3 (TLS_AES_256_GCM_SHA384). SPF pass (list.example), DKIM fail (example.org), DKIM pass (list.example), DMARC fail (example.org), ARC pass. Put into Junk: the author’s domain asks to refuse what is not proved (DMARC), somebody’s signature is good. Delivered to jan's Junk (jan@capri.example).",
    'Odebrano od mx.list.example (192.0.2.1) przez TLS 1.3 (TLS_AES_256_GCM_SHA384). SPF pass (list.example), DKIM fail (example.org), DKIM pass (list.example), DMARC fail (example.org), ARC pass. Skierowano do Junk: domena autora prosi o odrzucanie niepotwierdzonych (DMARC), czyjś podpis jest dobry. Doręczono do Junk: jan (jan@capri.example).',
  ],
  [
    { event: 'received', recipients: JANS, details: { protocol: 'internal' } },
    "Written by the server itself. Delivered to jan's Junk (jan@capri.example).",
    'Napisał ją sam serwer. Doręczono do Junk: jan (jan@capri.example).',
  ],
  [
    { event: 'received', by: 'ola', details: { protocol: 'ESMTPSA', remote: '192.0.2.9', helo: '', login: 'ola', tls: TLS } },
    'Submitted by ola from 192.0.2.9 over TLS 1.3 (TLS_AES_256_GCM_SHA384).',
    'Wysyła ola z 192.0.2.9 przez TLS 1.3 (TLS_AES_256_GCM_SHA384).',
  ],
  [
    {
      event: 'refused',
      details: { remote: '192.0.2.1', helo: 'mx.example.org', checks: { ...CHECKS, action: 'reject', iprev: { result: 'fail' } }, reply: '550 5.7.26 no' },
    },
    'Refused from mx.example.org (192.0.2.1): the author’s domain asks to refuse what is not proved (DMARC), somebody’s signature is good. SPF pass (list.example), DKIM fail (example.org), DKIM pass (list.example), DMARC fail (example.org), ARC pass. We answered: 550 5.7.26 no.',
    'Odrzucono od mx.example.org (192.0.2.1): domena autora prosi o odrzucanie niepotwierdzonych (DMARC), czyjś podpis jest dobry. SPF pass (list.example), DKIM fail (example.org), DKIM pass (list.example), DMARC fail (example.org), ARC pass. Odpowiedzieliśmy: 550 5.7.26 no.',
  ],
  [{ event: 'queued', recipients: REMOTE }, 'Queued for x@elsewhere.example.', 'W kolejce do wysłania: x@elsewhere.example.'],
  [
    {
      event: 'delivered',
      recipients: REMOTE,
      details: {
        status: '2.0.0',
        reply: '250 ok',
        host: 'mx.elsewhere.example [192.0.2.5]',
        tls: { ...TLS, isVerified: true, policy: 'dane', check: 'dane-ee' },
      },
    },
    'Delivered to x@elsewhere.example by mx.elsewhere.example [192.0.2.5] over TLS 1.3 (TLS_AES_256_GCM_SHA384), server verified by DANE. mx.elsewhere.example said: 250 ok.',
    'Dostarczono do x@elsewhere.example, przyjął mx.elsewhere.example [192.0.2.5] przez TLS 1.3 (TLS_AES_256_GCM_SHA384), serwer sprawdzony przez DANE. mx.elsewhere.example odpowiedział: 250 ok.',
  ],
  [
    {
      event: 'delivered',
      recipients: REMOTE,
      details: { host: 'mx.elsewhere.example', tls: { version: 'TLSv1.2', cipher: '', isVerified: false, problem: 'expired' } },
    },
    'Delivered to x@elsewhere.example by mx.elsewhere.example over TLS 1.2, server not verified: expired.',
    'Dostarczono do x@elsewhere.example, przyjął mx.elsewhere.example przez TLS 1.2, serwer niesprawdzony: expired.',
  ],
  [
    { event: 'deferred', recipients: REMOTE, details: { status: '4.7.0', reply: '421 4.7.0 Too many connections', host: 'mx.elsewhere.example' } },
    "Not delivered yet to x@elsewhere.example. The recipient's server takes only so much mail from us at a time. You need not do anything: we try again. mx.elsewhere.example said: 421 4.7.0 Too many connections.",
    'Jeszcze nie dostarczono do x@elsewhere.example. Serwer adresata przyjmuje od nas naraz tylko ograniczoną ilość poczty. Nie musisz nic robić: próbujemy ponownie. mx.elsewhere.example odpowiedział: 421 4.7.0 Too many connections.',
  ],
  [
    { event: 'bounced', recipients: REMOTE, details: { status: '5.1.2', reply: 'The domain elsewhere.example does not exist', isOurs: true } },
    'Could not be delivered to x@elsewhere.example. The part of the address behind the @ does not exist. Check the address for typing errors behind the @. We found: The domain elsewhere.example does not exist.',
    'Nie udało się dostarczyć do x@elsewhere.example. Część adresu za znakiem @ nie istnieje. Sprawdź, czy za znakiem @ nie ma literówki. Stwierdziliśmy: The domain elsewhere.example does not exist.',
  ],
  [
    { event: 'repeated', recipients: REMOTE, details: { cause: 'the connection broke' } },
    'May arrive twice at x@elsewhere.example. Reason: the connection broke.',
    'Może dotrzeć dwa razy do x@elsewhere.example. Powód: the connection broke.',
  ],
  [
    { event: 'suppressed', recipients: REMOTE, details: { reason: 'bounces', bounces: 3 } },
    'From now on nothing is sent to x@elsewhere.example: 3 refusals.',
    'Odtąd nic nie jest wysyłane do x@elsewhere.example; odmów: 3.',
  ],
  [
    { event: 'noticed', recipients: REMOTE, details: { action: 'failed', notice: 'Q9' } },
    'The sender was told of the failure (x@elsewhere.example).',
    'Nadawcę zawiadomiono o niepowodzeniu (x@elsewhere.example).',
  ],
  [{ event: 'held', details: { actor: 'limits', reason: 'why' } }, 'Held by the limits of the account. Reason: why.', 'Wstrzymano (limity konta). Powód: why.'],
  [{ event: 'released', details: { actor: 'administrator' } }, 'Released by the administrator.', 'Zwolniono (administrator).'],
  [{ event: 'retried', details: { actor: 'administrator' } }, 'Tried at once by the administrator.', 'Ponowiono od razu (administrator).'],
  [{ event: 'dropped' }, 'Dropped; the sender was not told.', 'Usunięto z kolejki; nadawcy nie zawiadomiono.'],
  [
    { event: 'forwarded', recipients: JANS, details: { to: 'jan@gmail.example', id: 'Q2' } },
    'Forwarded from jan@capri.example to jan@gmail.example.',
    'Przekazano z jan@capri.example do jan@gmail.example.',
  ],
  [
    { event: 'kept', recipients: JANS, details: { to: 'jan@gmail.example', reason: 'loop' } },
    'Not forwarded from jan@capri.example to jan@gmail.example; it is kept here. Reason: it came round in a circle.',
    'Nie przekazano z jan@capri.example do jan@gmail.example; wiadomość została tutaj. Powód: krążyła w kółko.',
  ],
  [
    { event: 'moved', messages: 1, details: { ...BY_IMAP, from: 'INBOX', to: 'Archive' } },
    'Moved from INBOX to Archive by jan over IMAP from 198.51.100.7.',
    'Przeniesiono z INBOX do Archive: jan przez IMAP z 198.51.100.7.',
  ],
  [
    { event: 'deleted', messages: 3, details: { ...BY_IMAP, mailbox: 'Trash' } },
    'Deleted from Trash by jan over IMAP from 198.51.100.7, together with 2 others.',
    'Usunięto z Trash: jan przez IMAP z 198.51.100.7, razem z innymi (2).',
  ],
];

test('each event is told in plain words, in both languages', () => {
  for (const [event, english, polish] of SAMPLES) {
    assert.equal(tellEvent(told(event), 'en'), english);
    assert.equal(tellEvent(told(event), 'pl'), polish);
  }
});

test('whatever stands in a row, it is told or passed over, in one line', () => {
  const names: readonly TrailEventName[] = [...SAMPLES.map(([{ event }]) => event ?? 'received'), 'limited', 'confirmed', 'filed', 'marked'];
  const key = fc.constantFrom(
    'protocol',
    'remote',
    'helo',
    'tls',
    'checks',
    'reply',
    'host',
    'status',
    'actor',
    'reason',
    'action',
    'to',
    'from',
    'mailbox',
    'door',
    '__proto__',
  );
  fc.assert(
    fc.property(fc.constantFrom(...names), fc.dictionary(key, fc.jsonValue()), (event, details) => {
      for (const language of ['en', 'pl'] as const) {
        const text = tellEvent(told({ event, details: details as TrailDetails }), language);
        assert.doesNotMatch(text, /\p{Cc}/u);
        assert.doesNotMatch(text, /\[object|undefined/);
      }
    }),
  );
});

test('a story names sender and recipients, and stands under each other with its times', () => {
  const [deferred] = SAMPLES.filter(([{ event }]) => event === 'deferred');
  const events = [told({ event: 'queued', recipients: REMOTE }), told({ ...deferred?.[0], at: '2026-11-23T12:05:00.000Z' })];
  assert.equal(
    tellStories([{ queueId: 'Q1', messageId: '<1@example.org>', events }], 'en', (at) => at.slice(11, 16)),
    `Message <1@example.org> (id Q1)
  From: jan@capri.example
  To: x@elsewhere.example
  12:00  Queued for x@elsewhere.example.
  12:05  Not delivered yet to x@elsewhere.example. The recipient's server takes only so much mail from us at a time. You
         need not do anything: we try again. mx.elsewhere.example said: 421 4.7.0 Too many connections.
`,
  );
});

function told(event: Partial<ToldEvent>): ToldEvent {
  return {
    at: '2026-11-23T12:00:00.000Z',
    event: 'received',
    queueId: 'Q1',
    messageId: '<1@example.org>',
    by: null,
    sender: 'jan@capri.example',
    recipients: [],
    messages: null,
    details: {},
    ...event,
  };
}
