import { deepEqual, equal, match } from 'node:assert/strict';
import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { relaxField, SignableFields, withoutLineEnd } from './dkim/canonical-header.ts';
import type { DkimResult } from './results.ts';
import { SignatureVerifier } from './signature-verifier.ts';
import { splitMessage, TxtResolver, verifyMessage } from './signed-mail.fixture.ts';

const KEYS = generateKeyPairSync('rsa', { modulusLength: 2048 });
const KEY = `v=DKIM1; p=${spki(KEYS.publicKey)}`;
const NAME = 's._domainkey.example.org';
const NOW_MS = Date.UTC(2026, 10, 23, 12);
const NOW_S = NOW_MS / 1000;
const MESSAGE = 'From: A <a@example.org>\r\nTo: b@example.com\r\nSubject: hello  there\r\n\r\nsome text\r\nmore text\r\n';

test('a good signature passes, and tells whose it is', async () => {
  const message = signed();
  const { dkim, arc } = await verify(message);
  deepEqual(dkim, [
    {
      result: 'pass',
      domain: 'example.org',
      selector: 's',
      algorithm: 'rsa-sha256',
      identity: '@example.org',
      signatureStart: /b=([^;]{8})/.exec(message.toString())?.[1],
      keyBits: 2048,
      isTesting: false,
    },
  ]);
  deepEqual(arc, { result: 'none', instances: 0, sealers: [] });
});

test('what was changed on the way fails, and says what', async () => {
  const message = signed().toString();
  deepEqual(await verdict(message.replace('more text', 'more  text')), 'pass');
  match(await verdict(message.replace('more text', 'no text')), /^fail the body was changed/);
  match(await verdict(message.replace('hello', 'Hello')), /^fail the signature does not fit/);
  match(await verdict(message.replace('a=rsa-sha256', 'a=rsa-sha256; n=1')), /^fail the signature does not fit/);
});

test('a signature that breaks the rules is not verified, and no key is asked for', async () => {
  const cases: ReadonlyArray<readonly [Record<string, string | undefined>, RegExp]> = [
    [{ v: '2' }, /^neutral .*version/],
    [{ v: undefined }, /^neutral the signature has no v=/],
    [{ bh: undefined }, /^neutral the signature has no bh=/],
    [{ a: 'rsa-sha1' }, /^fail rsa-sha1/],
    [{ a: 'rsa-md5' }, /^neutral unknown algorithm/],
    [{ q: 'http' }, /^neutral unknown way/],
    [{ c: 'nofws' }, /^neutral unknown canonicalization/],
    [{ c: 'relaxed/relaxed/relaxed' }, /^neutral unknown canonicalization/],
    [{ d: 'exa mple.org' }, /^neutral d= or s=/],
    [{ d: `${'a'.repeat(64)}.org` }, /^neutral d= or s=/],
    [{ d: 'example.org.' }, /^neutral d= or s=/],
    [{ bh: '!!!!' }, /^neutral bh= or b=/],
    [{ bh: 'AAAA' }, /^neutral bh= or b=/],
    [{ l: '-1' }, /^neutral l=, t= or x=/],
    [{ t: 'yesterday' }, /^neutral l=, t= or x=/],
    [{ t: String(NOW_S), x: String(NOW_S) }, /^neutral x= is not later/],
    [{ t: String(NOW_S + 3600) }, /^fail signed in the future/],
    [{ x: String(NOW_S - 3600) }, /^fail the signature has expired/],
    [{ h: 'to:subject' }, /^permerror From is not signed/],
    [{ i: 'a@example.com' }, /^neutral i= is not under d=/],
    [{ i: '@badexample.org' }, /^neutral i= is not under d=/],
    [{ i: 'example.org' }, /^neutral i= is not under d=/],
  ];
  const resolver = new TxtResolver({ [NAME]: [KEY] });
  for (const [tags, pattern] of cases) match(await verdict(signed({ tags }), resolver), pattern, JSON.stringify(tags));
  const doubled = signed().toString().replace('v=1;', 'v=1; v=1;');
  match(await verdict(doubled, resolver), /^neutral the signature cannot be read/);
  deepEqual(resolver.asked, []);
});

test('clocks may differ by five minutes', async () => {
  equal(await verdict(signed({ tags: { t: String(NOW_S + 200) } })), 'pass');
  equal(await verdict(signed({ tags: { t: '1', x: String(NOW_S - 200) } })), 'pass');
});

test('times of a signature, unknown tags and other identities are no hindrance', async () => {
  equal(await verdict(signed({ tags: { i: 'a@mail.example.org', q: 'dns/txt : dns/other', zz: 'x', t: '1' } })), 'pass');
  equal(await verdict(signed({ tags: { h: 'from:To : SUBJECT:cc' } })), 'pass');
  equal(await verdict(signed({ tags: { c: 'relaxed' }, body: 'simple' })), 'pass');
});

test('l= is honoured, and a body with more than was signed is not good enough', async () => {
  const whole = MESSAGE.length - MESSAGE.indexOf('\r\n\r\n') - 4;
  equal(await verdict(signed({ tags: { l: String(whole) } })), 'pass');
  match(await verdict(signed({ tags: { l: '4' } })), /^policy only the first 4 of 22 octets of the body are signed/);
  match(
    await verdict(
      signed({ tags: { l: '4' } })
        .toString()
        .replace('more text', 'other text'),
    ),
    /^policy only the first 4 of 23/,
  );
  match(
    await verdict(
      signed({ tags: { l: '4' } })
        .toString()
        .replace('some text', 'sane text'),
    ),
    /^fail the body was changed/,
  );
  match(await verdict(signed({ tags: { l: String(whole + 1) } })), /^fail the body is shorter/);
});

test('the key decides: missing, revoked, broken, unfit, in the wrong place', async () => {
  const cases: ReadonlyArray<readonly [readonly string[] | undefined, RegExp]> = [
    [undefined, /^permerror no key at s\._domainkey\.example\.org: there is none/],
    [['v=spf1 -all'], /^permerror no key .* not a key record/],
    [['v=DKIM1; p='], /^permerror no key .* revoked/],
    [['v=spf1 -all', 'v=DKIM1; p='], /^permerror no key .* revoked/],
    [[`${KEY}; h=sha1`], /^permerror the key is not for SHA-256/],
    [['v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo='], /^permerror the key is of kind ed25519/],
    [[`v=DKIM1; p=${spki(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey)}`], /^fail the signature does not fit/],
    [['v=spf1 -all', KEY], /^pass/],
    [['v=DKIM1; p=', `v=DKIM1; p=${spki(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey)}`, KEY], /^pass/],
  ];
  for (const [records, pattern] of cases)
    match(await verdict(signed(), new TxtResolver(records === undefined ? {} : { [NAME]: records })), pattern, String(records));
});

test('t=s binds the identity to the domain itself, and t=y is told', async () => {
  const strict = new TxtResolver({ [NAME]: [`${KEY}; t=s:y`] });
  match(await verdict(signed({ tags: { i: '@mail.example.org' } }), strict), /^permerror the key is not for subdomains/);
  const { dkim } = await verify(signed(), strict);
  deepEqual([dkim[0]?.result, dkim[0]?.isTesting], ['pass', true]);
});

test('keys under 1024 bits prove nothing', async () => {
  const small = generateKeyPairSync('rsa', { modulusLength: 768 });
  const message = signed({ key: small.privateKey });
  const { dkim } = await verify(message, new TxtResolver({ [NAME]: [`v=DKIM1; p=${spki(small.publicKey)}`] }));
  deepEqual([dkim[0]?.result, dkim[0]?.reason, dkim[0]?.keyBits], ['policy', 'the key has only 768 bits (RFC 8301)', 768]);
});

test('keys of 4096 bits are taken, larger ones refused', async () => {
  const large = generateKeyPairSync('rsa', { modulusLength: 4096 });
  equal(await verdict(signed({ key: large.privateKey }), new TxtResolver({ [NAME]: [`v=DKIM1; p=${spki(large.publicKey)}`] })), 'pass');
  const jwk = large.publicKey.export({ format: 'jwk' });
  const n = Buffer.concat([Buffer.from(jwk.n ?? '', 'base64url'), Buffer.from([1])]);
  const larger = createPublicKey({ key: { ...jwk, n: n.toString('base64url') }, format: 'jwk' });
  match(await verdict(signed({ key: large.privateKey }), new TxtResolver({ [NAME]: [`v=DKIM1; p=${spki(larger)}`] })), /^permerror no key .* too large/);
});

test('a DNS that does not answer is a temporary error, and is waited for only so long', async () => {
  match(await verdict(signed(), new TxtResolver({}, [NAME])), /^temperror no answer about/);
  const { header, body } = splitMessage(signed());
  const silent = new TxtResolver({});
  silent.resolveTxt = () => Promise.withResolvers<never>().promise;
  const verifier = new SignatureVerifier(silent, { header, nowMs: NOW_MS, timeoutMs: 1 });
  verifier.body(body);
  const { dkim } = await keepingAwake(verifier.finish());
  deepEqual([dkim[0]?.result, dkim[0]?.reason], ['temperror', 'the DNS did not answer in time']);
});

test('internationalized domains are asked for and told as A-labels', async () => {
  const resolver = new TxtResolver({ 's._domainkey.xn--ksigowo-c5a1nq1a.pl': [KEY] });
  const message = signed({ tags: { d: Buffer.from('KSIĘGOWOść.pl').toString('latin1'), i: Buffer.from('ż@poczta.księgowość.pl').toString('latin1') } });
  const { dkim } = await verify(message, resolver);
  deepEqual([dkim[0]?.result, dkim[0]?.domain, resolver.asked], ['pass', 'xn--ksigowo-c5a1nq1a.pl', ['s._domainkey.xn--ksigowo-c5a1nq1a.pl']]);
});

test('only ten signatures are looked at, each key is asked for once, and each body is hashed once', async () => {
  const one = fieldOf(signed());
  const message = `${'DKIM-Signature: v=1\r\n'.repeat(3)}${one.repeat(4)}${fieldOf(signed({ body: 'simple' })).repeat(30)}${MESSAGE}`;
  const resolver = new TxtResolver({ [NAME]: [KEY] });
  const { dkim } = await verify(message, resolver);
  deepEqual(
    dkim.map(({ result }) => result),
    [...Array<string>(3).fill('neutral'), ...Array<string>(7).fill('pass')],
  );
  deepEqual(resolver.asked, [NAME]);
});

test('the chunks of the body do not matter', async () => {
  const message = signed({ tags: { c: 'relaxed/simple' }, body: 'simple' });
  for (const chunk of [1, 2, 3, 7]) equal((await verify(message, undefined, chunk)).dkim[0]?.result, 'pass');
});

test('a header with more fields than are indexed is not vouched for', async () => {
  const message = `${fieldOf(signed())}${MESSAGE.slice(0, MESSAGE.indexOf('\r\n\r\n') + 2)}${'X:\r\n'.repeat(12_000)}\r\nsome text\r\nmore text\r\n`;
  match(await verdict(message), /^policy the header has too many fields/);
});

test('a message signed twice is judged signature by signature', async () => {
  const message = fieldOf(signed({ tags: { s: 'other' } })) + signed().toString();
  deepEqual(
    (await verify(message)).dkim.map(({ selector, result }) => [selector, result]),
    [
      ['other', 'permerror'],
      ['s', 'pass'],
    ],
  );
});

test('hostile numbers of fields and names cost bounded work', async () => {
  const names = 'from:'.repeat(30_000);
  const field = `DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=s; h=${names}to; bh=${'A'.repeat(43)}=; b=AAAA\r\n`;
  const seals = 'ARC-Seal: i=1; cv=none\r\n'.repeat(500);
  const { dkim, arc } = await verify(field.repeat(10) + seals + MESSAGE);
  deepEqual(new Set(dkim.map(({ result }) => result)), new Set(['fail']));
  equal(arc.result, 'fail');
});

test('nothing that comes from outside makes it throw', async () => {
  const octets = fc.string({ unit: 'binary', maxLength: 200 });
  const tag = fc.tuple(
    fc.constantFrom('v', 'a', 'b', 'bh', 'c', 'd', 'h', 'i', 'l', 'q', 's', 't', 'x', 'cv'),
    fc.oneof(octets, fc.constantFrom('1', 'rsa-sha256', 'example.org', 'from', '99999999', 'AAAA', 'none', 'pass', 's', '@example.org')),
  );
  const field = fc.tuple(
    fc.constantFrom('DKIM-Signature', 'ARC-Seal', 'ARC-Message-Signature', 'ARC-Authentication-Results', 'From', 'X'),
    fc.oneof(
      octets,
      fc.array(tag, { maxLength: 12 }).map((tags) => tags.map(([name, value]) => `${name}=${value}`).join('; ')),
    ),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(field, { maxLength: 12 }), octets, octets, async (fields, body, record) => {
      const message = Buffer.from(`${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`, 'latin1');
      const { dkim } = await verifyMessage(new TxtResolver({ [NAME]: [record] }), message, { nowMs: NOW_MS });
      equal(
        dkim.every(({ result }: DkimResult) => result !== 'pass'),
        true,
      );
    }),
    { numRuns: 500 },
  );
});

interface Options {
  /** Undefined leaves a tag out. */
  readonly tags?: Readonly<Record<string, string | undefined>>;
  readonly key?: KeyObject;
  readonly body?: 'simple' | 'relaxed';
}

/** MESSAGE with a signature that has these tags, whatever they say; the hashes are right where they can be. */
function signed({ tags = {}, key = KEYS.privateKey, body = 'relaxed' }: Options = {}): Buffer {
  const { header, body: octets } = splitMessage(Buffer.from(MESSAGE));
  const length = tags['l'] === undefined ? Infinity : Number(tags['l']);
  const bodyHash = createHash('sha256').update(octets.subarray(0, length)).digest('base64');
  const all: Record<string, string | undefined> = {
    v: '1',
    a: 'rsa-sha256',
    c: `relaxed/${body}`,
    d: 'example.org',
    s: 's',
    h: 'from:to:subject',
    bh: bodyHash,
    ...tags,
  };
  const text = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}; `]));
  const field = `DKIM-Signature: ${text.join('')}\r\n\tb=`;
  const names = (all['h'] ?? '').split(':').map((name) => name.trim().toLowerCase());
  const data = new SignableFields(header).select(names, 'relaxed') + withoutLineEnd(relaxField(`${field}\r\n`));
  return Buffer.from(`${field}${sign('sha256', Buffer.from(data, 'latin1'), key).toString('base64')}\r\n${MESSAGE}`, 'latin1');
}

function fieldOf(message: Buffer): string {
  return message.toString('latin1').slice(0, -MESSAGE.length);
}

async function verify(
  message: Buffer | string,
  resolver: TxtResolver = new TxtResolver({ [NAME]: [KEY] }),
  chunk: number = Infinity,
): ReturnType<typeof verifyMessage> {
  return await verifyMessage(resolver, Buffer.isBuffer(message) ? message : Buffer.from(message, 'latin1'), { nowMs: NOW_MS, chunk });
}

/** Result and reason of the only signature. */
async function verdict(message: Buffer | string, resolver?: TxtResolver): Promise<string> {
  const { dkim } = await verify(message, resolver);
  equal(dkim.length, 1);
  return [dkim[0]?.result, dkim[0]?.reason].filter(Boolean).join(' ');
}

/** The verifier's timer does not hold the process; a test has nothing else that does. */
async function keepingAwake<T>(work: Promise<T>): Promise<T> {
  const awake = setInterval(() => undefined, 1000);
  try {
    return await work;
  } finally {
    clearInterval(awake);
  }
}

function spki(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'der' }).toString('base64');
}
