import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { sealArc } from '#authenticity/arc/seal.ts';
import { readSigningKey, type SigningKey, dkimDnsRecord, generateDkimKeys } from '#authenticity/dkim/keys.ts';
import { findHeaderEnd } from '#message/header-end.ts';
import { Header } from '#message/header.ts';
import { checksOf } from '#trail/checks.ts';
import type { TrailEntry } from '#trail/entry.ts';
import { findTrail } from '#trail/find.ts';
import { authenticDomain } from '../../test/support/authentic-mail.ts';
import { FakeDns, type Zone } from '../../test/support/dns.ts';
import { type MailHouse, openMailHouse, PASSWORD } from '../../test/support/mail-house.ts';
import { type AuthenticitySettings, DEFAULT_AUTHENTICITY_SETTINGS } from './checks/settings.ts';
import { type Accepted, type Path, type Peer, Refusal, type SenderParameters } from './delivery.ts';

const HOME = '192.0.2.7';
const ELSEWHERE = '198.51.100.9';
const strict = authenticDomain({ domain: 'strict.example', address: HOME, policy: 'reject' });
const careful = authenticDomain({ domain: 'careful.example', address: HOME, policy: 'quarantine' });
const lax = authenticDomain({ domain: 'lax.example', address: HOME, policy: undefined });
const ZONE: Zone = { ...strict.zone, ...careful.zone, ...lax.zone };

test('authentic mail is filed with a field that says so, and the trail has all of it', async () => {
  await using place = await open();
  const message = strict.sign(mail('a@strict.example'));
  await deliver(place, { message });
  const [stored = ''] = await place.house.inbox(place.house.accounts.anna);
  const trace = /^Return-Path: <a@strict\.example>\r\nDelivered-To: anna@capri\.example\r\n(Authentication-Results: (?:.+\r\n)(?:\t.+\r\n)*)Received: /.exec(
    stored,
  );
  const field = (trace?.[1] ?? '').replaceAll(/\r\n\t/g, ' ');
  match(
    field,
    /^Authentication-Results: mx\.capri\.example; iprev=pass .* spf=pass .* dkim=pass .*header\.d=strict\.example.* dmarc=pass .*header\.from=strict\.example/,
  );
  ok(stored.endsWith(message.toString('latin1')), 'nothing of the octets is changed');
  const [entry] = await trail(place, 'anna@capri.example');
  const checks = entry && checksOf(entry);
  deepEqual(
    [
      checks?.action,
      checks?.enforced,
      checks?.reasons,
      checks?.spf.result,
      checks?.dkim.map(({ result, selector }) => [result, selector]),
      checks?.iprev.result,
    ],
    ['accept', true, ['author-passes'], 'pass', [['pass', 'test']], 'pass'],
  );
  deepEqual(
    [checks?.dmarc.result, checks?.dmarc.from, checks?.dmarc.policyDomain, checks?.dmarc.published?.p, checks?.dmarc.reportTo, entry?.details['remote']],
    ['pass', 'strict.example', 'strict.example', 'reject', ['mailto:reports@strict.example'], HOME],
  );
});

test('what nobody vouches for and p=reject forbids is refused, and only the trail keeps it', async () => {
  await using place = await open();
  await rejects(deliver(place, { from: 'a@strict.example', address: ELSEWHERE, message: mail('a@strict.example') }), (error) => {
    ok(error instanceof Refusal);
    equal(
      `${error.code} ${error.enhanced} ${error.message}`,
      '550 5.7.26 Mail of strict.example must be authenticated (DMARC p=reject): SPF fail, no DKIM signature',
    );
    return true;
  });
  deepEqual(await place.house.inbox(place.house.accounts.anna), []);
  const [entry] = await trail(place, '<one@test.example>');
  deepEqual([entry?.event, entry?.sender, entry?.recipients.map(({ address }) => address)], ['refused', 'a@strict.example', ['anna@capri.example']]);
  const checks = entry && checksOf(entry);
  deepEqual([checks?.action, checks?.reasons, checks?.dmarc.result], ['reject', ['policy-reject', 'nobody-vouches'], 'fail']);
  const reply = entry?.details['reply'];
  ok(typeof reply === 'string' && reply.startsWith('550 5.7.26 '));
});

test('p=quarantine goes to Junk, where its owner can find it', async () => {
  await using place = await open();
  await deliver(place, { from: 'a@other.example', address: ELSEWHERE, message: mail('a@careful.example') });
  deepEqual(await place.house.inbox(place.house.accounts.anna), []);
  equal((await place.house.mailbox(place.house.accounts.anna, 'Junk')).length, 1);
  const [entry] = await trail(place, 'anna@capri.example');
  deepEqual(
    entry?.recipients.map(({ mailbox }) => mailbox),
    ['Junk'],
  );
});

test('p=reject alone refuses nothing: a list, a forward, a signature of somebody make it Junk', async () => {
  await using place = await open();
  const forged = mail('a@strict.example');
  await deliver(place, { from: 'x@other.example', address: ELSEWHERE, message: mail('a@strict.example', 'List-Id: <talk.lists.example>\r\n') });
  await deliver(place, { from: 'SRS0=abcd=ab=strict.example=a@other.example', address: ELSEWHERE, message: forged });
  await deliver(place, { from: 'a@lax.example', message: forged });
  await deliver(place, { from: 'x@other.example', address: ELSEWHERE, message: lax.sign(forged) });
  equal((await place.house.mailbox(place.house.accounts.anna, 'Junk')).length, 4);
  deepEqual(await place.house.inbox(place.house.accounts.anna), []);
});

test('who forges an author behind a header too long to be read finds only Junk', async () => {
  await using place = await open();
  await deliver(place, { from: 'x@other.example', address: ELSEWHERE, message: mail('a@strict.example', `X-Padding: ${'x'.repeat(70)}\r\n`.repeat(4000)) });
  deepEqual(await place.house.inbox(place.house.accounts.anna), []);
  equal((await place.house.mailbox(place.house.accounts.anna, 'Junk')).length, 1);
});

test('without a policy nothing is refused, also where SPF fails; the settings can have it otherwise', async () => {
  const given = { from: 'a@lax.example', address: ELSEWHERE, message: mail('a@lax.example') };
  await using place = await open();
  await deliver(place, given);
  equal((await place.house.inbox(place.house.accounts.anna)).length, 1);
  await using careless = await open({ spfFail: 'quarantine' });
  await deliver(careless, given);
  equal((await careless.house.mailbox(careless.house.accounts.anna, 'Junk')).length, 1);
  await using harsh = await open({ spfFail: 'reject' });
  await rejects(deliver(harsh, given), (error) => error instanceof Refusal && error.enhanced === '5.7.23');
});

test('observing changes nothing but what is written down; off, nothing is written either', async () => {
  const given = { from: 'a@strict.example', address: ELSEWHERE, message: mail('a@strict.example') };
  await using place = await open({ enforcement: 'observe' });
  await deliver(place, given);
  match((await place.house.inbox(place.house.accounts.anna))[0] ?? '', /dmarc=fail/);
  const [entry] = await trail(place, 'anna@capri.example');
  deepEqual([entry && checksOf(entry)?.action, entry && checksOf(entry)?.enforced], ['reject', false]);
  await using off = await open({ enforcement: 'off' });
  await deliver(off, given);
  ok(!((await off.house.inbox(off.house.accounts.anna))[0] ?? '').includes('Authentication-Results'));
});

test('a chain that a trusted server has sealed makes up for what forwarding broke', async () => {
  const [pem] = (await generateDkimKeys()).map((key) => key.pem);
  const sealer = readSigningKey({ domain: 'lists.example', selector: 's', pem: pem ?? '' });
  const zone = { ...ZONE, 's._domainkey.lists.example': { TXT: [[...dkimDnsRecord(pem ?? '').strings]] } };
  const sealed = await seal(mail('a@strict.example'), sealer, 'lists.example; dmarc=pass header.from=strict.example');
  const given = { from: 'x@lists.example', address: ELSEWHERE, message: sealed };
  await using trusting = await open({ trustedSealers: ['lists.example'] }, zone);
  await deliver(trusting, given);
  equal((await trusting.house.inbox(trusting.house.accounts.anna)).length, 1);
  const failed = await seal(mail('a@strict.example'), sealer, 'lists.example; dmarc=fail header.from=strict.example');
  await rejects(deliver(trusting, { ...given, message: failed }), Refusal, 'the trusted server has seen it fail');
  await using wary = await open({}, zone);
  await rejects(deliver(wary, given), Refusal, 'anybody can seal');
});

test('forged results in our name are taken out, other octets stay as they came', async () => {
  await using place = await open();
  const forged =
    'Authentication-Results: MX.capri.example;\r\n\tdmarc=pass header.from=bank.example\r\nX-Kept: 1\r\nauthentication-results : (c) mx.capri.example 1; spf=pass\r\n';
  const theirs = 'Authentication-Results: mx.other.example; spf=fail\r\n';
  await deliver(place, { message: strict.sign(mail('a@strict.example', `${forged}${theirs}`)) });
  const [stored = ''] = await place.house.inbox(place.house.accounts.anna);
  const [, received = ''] = stored.split(/(?=^Received: )/m);
  ok(!received.includes('capri.example;\r\n\tdmarc'));
  ok(received.endsWith(mail('a@strict.example', `X-Kept: 1\r\n${theirs}`).toString('latin1')));
  match(stored, /dkim=pass/, 'signatures are verified over what came');
  equal(stored.match(/^authentication-results/gim)?.length, 2);
});

test('forged results are taken out of what users submit and of LMTP too, and none are added there', async () => {
  await using place = await open();
  const forged = 'Authentication-Results: mx.capri.example; dmarc=pass\r\n';
  const context = { listener: 'submissions' as const, remoteAddress: HOME, connectionId: 'c' };
  const identity = await place.house.directory.signInWithPassword('jan', PASSWORD, context);
  await deliver(place, { from: 'a@strict.example', address: 'local', protocol: 'LMTP', message: mail('a@strict.example', forged) });
  const peer = { ...peerAt(HOME), protocol: 'ESMTPSA', identity };
  await deliver(place, { peer, from: 'jan@capri.example', message: mail('jan@capri.example', forged) });
  const stored = await place.house.inbox(place.house.accounts.anna);
  equal(stored.length, 2);
  for (const text of stored) ok(!text.includes('Authentication-Results'));
});

test('over LMTP signatures are checked where that is wanted, and nothing is refused', async () => {
  await using place = await open({ checksLmtp: true });
  await deliver(place, { from: 'a@strict.example', address: 'local', protocol: 'LMTP', message: strict.sign(mail('a@strict.example')) });
  await deliver(place, { from: 'a@strict.example', address: 'local', protocol: 'LMTP', message: mail('a@strict.example') });
  const [signed = '', unsigned = ''] = await place.house.inbox(place.house.accounts.anna);
  match(signed, /dmarc=pass/);
  match(unsigned, /dmarc=fail/);
});

test('mail from trusted networks is not checked', async () => {
  await using place = await open({ trustedNetworks: ['198.51.100.0/24'] });
  await deliver(place, { from: 'a@strict.example', address: ELSEWHERE, message: mail('a@strict.example') });
  ok(!((await place.house.inbox(place.house.accounts.anna))[0] ?? '').includes('Authentication-Results'));
  deepEqual(place.dns.questions, []);
});

test('a DNS that says nothing holds no mail up: what is not known is a temporary error', async () => {
  await using place = await open({ timeoutMs: 100 });
  place.dns.faults = { silent: 1_000_000 };
  await deliver(place, { address: ELSEWHERE, message: strict.sign(mail('a@strict.example')) });
  const [stored = ''] = await place.house.inbox(place.house.accounts.anna);
  for (const name of ['iprev', 'spf', 'dkim', 'dmarc']) match(stored, new RegExp(`${name}=temperror`));
});

test('more than one From goes to Junk, none and a malformed one never pass', async () => {
  await using place = await open();
  const two = strict.sign(mail('a@strict.example', 'From: b@strict.example\r\n'));
  const none = Buffer.from('Subject: x\r\n\r\ny\r\n');
  const malformed = strict.sign(mail('Comma, Inc. <a@strict.example>'));
  for (const message of [two, none, malformed]) await deliver(place, { message });
  const inbox = await place.house.inbox(place.house.accounts.anna);
  equal(inbox.length, 2);
  const [junk = ''] = await place.house.mailbox(place.house.accounts.anna, 'Junk');
  for (const stored of [...inbox, junk]) match(stored, /dmarc=permerror/);
});

test('a header of 300 KiB is taken into Junk, and nothing is said of its signatures', async () => {
  await using place = await open();
  const long = Array.from({ length: 300 }, (_, index) => `X-Long-${index}: ${'x'.repeat(990)}\r\n`).join('');
  const message = lax.sign(mail('a@lax.example', long));
  await deliver(place, { from: 'a@lax.example', message, chunk: 10_000 });
  const [stored = ''] = await place.house.mailbox(place.house.accounts.anna, 'Junk');
  match(stored, /dkim=permerror/);
  match(stored, /dmarc=permerror/);
  ok(stored.endsWith(message.toString('latin1')));
});

test('forged results are taken out of a header of any length too, and nothing else', async () => {
  await using place = await open();
  const ours = 'Authentication-Results: mx.capri.example; dmarc=pass\r\n';
  const theirs = 'Authentication-Results: mx.other.example; dmarc=pass\r\n';
  // Over 256 KiB, and more fields than are read in few octets.
  for (const padding of [`X-Long: ${'x'.repeat(990)}\r\n`.repeat(300), 'X:\r\n'.repeat(12_000)]) {
    const header = (forged: string): string => `From: a@lax.example\r\n${forged}${padding}${forged}${theirs}${padding}${forged}Subject: x\r\n\r\n`;
    await deliver(place, { from: 'a@lax.example', message: Buffer.from(`${header(ours)}${ours}text\r\n`), chunk: 10_000 });
    const stored = (await place.house.mailbox(place.house.accounts.anna, 'Junk')).at(-1) ?? '';
    ok(stored.endsWith(`${header('')}${ours}text\r\n`));
  }
});

test('a body of 5 MB is verified while it is streamed, in whatever pieces it comes', async () => {
  await using place = await open();
  const body = `${'0123456789abcdef'.repeat(4)}\r\n`.repeat(78_000);
  const message = strict.sign(Buffer.concat([mail('a@strict.example'), Buffer.from(body)]));
  const forged = Buffer.from('Authentication-Results: mx.capri.example; dmarc=pass\r\n');
  for (const chunk of [1000, 65_536, 1_000_000]) await deliver(place, { message: Buffer.concat([forged, message]), chunk });
  const stored = await place.house.inbox(place.house.accounts.anna);
  equal(stored.length, 3);
  for (const text of stored) {
    match(text.slice(0, 2000), /dkim=pass/);
    ok(text.endsWith(message.toString('latin1')) && !text.includes('dmarc=pass\r\nDKIM'));
  }
});

interface Place extends AsyncDisposable {
  readonly house: MailHouse;
  readonly dns: FakeDns;
}

async function open(authenticity: Partial<AuthenticitySettings> = {}, zone: Zone = ZONE): Promise<Place> {
  const dns = await FakeDns.start(zone);
  const house = await openMailHouse({
    resolver: dns.resolver(5000),
    settings: { authenticity: { ...DEFAULT_AUTHENTICITY_SETTINGS, timeoutMs: 30_000, ...authenticity } },
  });
  return {
    house,
    dns,
    async [Symbol.asyncDispose]() {
      await house[Symbol.asyncDispose]();
      await dns[Symbol.asyncDispose]();
    },
  };
}

const PLAIN: SenderParameters = { sizeBytes: undefined, body: '7BIT', smtpUtf8: false, ret: undefined, envelopeId: undefined };

interface Given {
  readonly peer?: Peer;
  readonly from?: string;
  readonly address?: string;
  readonly protocol?: string;
  readonly message: Buffer;
  readonly chunk?: number;
}

async function deliver(
  { house }: Place,
  { peer, from = 'a@strict.example', address = HOME, protocol = 'ESMTP', message, chunk = 4000 }: Given,
): Promise<Accepted> {
  const envelope = await house.delivery.begin(peer ?? { ...peerAt(address), protocol }, path(from), PLAIN);
  await envelope.recipient(path('anna@capri.example'), { notify: undefined, originalRecipient: undefined });
  const sink = envelope.open();
  try {
    for (let at = 0; at < message.length; at += chunk) await sink.write(message.subarray(at, at + chunk));
    return await sink.finish();
  } catch (error) {
    await sink.abort();
    throw error;
  }
}

async function trail({ house }: Place, key: string): Promise<readonly TrailEntry[]> {
  return await findTrail(house.store, key, { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER });
}

function peerAt(address: string): Peer {
  return { connectionId: 'c', address, helo: 'mail.strict.example', protocol: 'ESMTP', tls: undefined, identity: undefined };
}

function path(text: string): Path {
  const at = text.lastIndexOf('@');
  return { localPart: text.slice(0, at), domain: text.slice(at + 1) };
}

function mail(from: string, fields: string = ''): Buffer {
  return Buffer.from(`${fields}From: ${from}\r\nTo: anna@capri.example\r\nMessage-ID: <one@test.example>\r\nSubject: hello\r\n\r\nsome text\r\n`);
}

async function seal(message: Buffer, key: SigningKey, results: string): Promise<Buffer> {
  const end = findHeaderEnd(message);
  const fields = await sealArc({
    header: new Header(message.subarray(0, end)),
    body: [message.subarray(end)],
    key,
    authenticationResults: `Authentication-Results: ${results}\r\n`,
    chain: { result: 'none', instances: 0, sealers: [] },
    sealedAtMs: Date.UTC(2026, 10, 23, 11),
  });
  return Buffer.concat([fields ?? Buffer.alloc(0), message]);
}
