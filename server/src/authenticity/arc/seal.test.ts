import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { before, test } from 'node:test';
import fc from 'fast-check';
import { dkimDnsRecord, generateDkimKeys, readSigningKey, type SigningKey } from '../dkim/keys.ts';
import { hashWholeBody, signDkim } from '../dkim/sign.ts';
import type { ArcResult } from '../results.ts';
import { splitMessage, TxtResolver, verifyMessage } from '../signed-mail.fixture.ts';
import { sealArc } from './seal.ts';

const NOW_MS = Date.UTC(2026, 10, 23, 12);
const MESSAGE = Buffer.from('From: A <a@example.org>\r\nTo: list@example.net\r\nSubject: hello  there\r\n\r\nsome text\r\n');
const NONE: ArcResult = { result: 'none', instances: 0, sealers: [] };

let rsa: SigningKey;
let ed25519: SigningKey;
let resolver: TxtResolver;

before(async () => {
  const [first, second] = await generateDkimKeys();
  rsa = readSigningKey({ domain: 'list.example.net', selector: 'rsa', pem: first?.pem ?? '' });
  ed25519 = readSigningKey({ domain: 'forwarder.example', selector: 'ed', pem: second?.pem ?? '' });
  resolver = new TxtResolver(
    Object.fromEntries([rsa, ed25519].map((key) => [`${key.selector}._domainkey.${key.domain}`, [dkimDnsRecord(key.privateKey).text]])),
  );
});

test('a chain of two hops is sealed and verifies, and tells who sealed and what the last one saw', async () => {
  const { header, body } = splitMessage(MESSAGE);
  const author = signDkim({ header, bodyHash: hashWholeBody(body), keys: [rsa], signedAtMs: NOW_MS });
  const once = await seal(Buffer.concat([author, MESSAGE]), rsa, NONE);
  const first = (await verify(once)).arc;
  deepEqual(first, {
    result: 'pass',
    instances: 1,
    sealers: ['list.example.net'],
    authenticationResults: 'list.example.net;\tdkim=pass header.d=example.org;\tspf=none',
    oldestPass: 0,
  });
  const twice = await seal(once, ed25519, first);
  const second = (await verify(twice)).arc;
  deepEqual([second.result, second.instances, second.sealers, second.oldestPass], ['pass', 2, ['forwarder.example', 'list.example.net'], 0]);
  equal((await verify(twice)).dkim[0]?.result, 'pass');
});

test('a hop that changes the message leaves the chain whole, and says from where the message is unchanged', async () => {
  const once = await seal(MESSAGE, rsa, NONE);
  const changed = Buffer.from(once.toString().replace('Subject: hello', 'Subject: [list] hello').replace('some text\r\n', 'some text\r\n-- \r\nThe list\r\n'));
  const twice = await seal(changed, ed25519, (await verify(once)).arc);
  const { arc } = await verify(twice);
  deepEqual([arc.result, arc.oldestPass], ['pass', 2]);
  const { arc: unsealed } = await verify(changed);
  match(`${unsealed.result} ${unsealed.reason}`, /^fail message signature 1: the body was changed/);
});

test('what is changed in a set, or left out of it, breaks the chain', async () => {
  const once = await seal(MESSAGE, rsa, NONE);
  const text = (await seal(once, ed25519, (await verify(once)).arc)).toString();
  const changes: ReadonlyArray<readonly [string | RegExp, string, RegExp]> = [
    ['dkim=pass', 'dkim=fail', /^fail (seal|message signature)/],
    [/ARC-Authentication-Results: i=1;[^]*?\r\n(?=\S)/, '', /^fail set 1 is not whole/],
    [/ARC-Seal: i=1;/, 'ARC-Seal: i=2;', /^fail two ARC-Seal of instance 2/],
    [/ARC-Seal: i=1;/, 'ARC-Seal: i=51;', /^fail ARC-Seal without a readable instance/],
    ['cv=pass', 'cv=none', /^fail seal 2 has a wrong cv=/],
    ['cv=none', 'cv=pass', /^fail seal 1 has a wrong cv=/],
    [/ARC-Seal: i=2; /, 'ARC-Seal: i=2; h=from; ', /^fail seal 2: h= or bh= in a seal/],
    [/ARC-Seal: i=2; a=/, 'ARC-Seal: i=2; n=1; a=', /^fail seal 2: the signature does not fit/],
    [/ARC-Seal: i=1; a=/, 'ARC-Seal: i=1; n=1; a=', /^fail seal 2: the signature does not fit/],
    [/ARC-Message-Signature: i=1; a=/, 'ARC-Message-Signature: i=1; n=1; a=', /^fail seal 2: the signature does not fit/],
  ];
  for (const [from, to, pattern] of changes) {
    const { arc } = await verify(Buffer.from(text.replace(from, to)));
    match(`${arc.result} ${arc.reason}`, pattern, String(from));
  }
});

test('a chain that has failed is sealed as failed, over its own set only, and never again', async () => {
  const broken = Buffer.from((await seal(MESSAGE, rsa, NONE)).toString().replace('some text', 'other text'));
  const { arc } = await verify(broken);
  equal(arc.result, 'fail');
  const sealed = await seal(broken, ed25519, arc);
  match(sealed.toString(), /^ARC-Seal: i=2; a=ed25519-sha256; t=\d+; cv=fail;/);
  const { arc: after } = await verify(sealed);
  deepEqual([after.result, after.instances], ['fail', 2]);
  equal(await add(sealed, rsa, after), undefined);
});

test('nothing is added to what cannot be counted, or is full', async () => {
  const once = await seal(MESSAGE, rsa, NONE);
  const { arc } = await verify(once);
  equal(arc.result, 'pass');
  equal(await add(once, rsa, NONE), undefined);
  equal(await add(MESSAGE, rsa, arc), undefined);
  equal(await add(MESSAGE, rsa, { ...arc, result: 'fail' }), undefined);
  const nameless = Buffer.concat([Buffer.from('ARC-Seal: nonsense\r\n'), MESSAGE]);
  equal(await add(nameless, rsa, (await verify(nameless)).arc), undefined);
});

test('a chain grows to fifty sets and no further; all are verified', async () => {
  let message: Buffer = MESSAGE;
  let chain = NONE;
  for (let instance = 1; instance <= 50; instance++) {
    message = await seal(message, ed25519, chain);
    chain = { ...chain, result: 'pass', instances: instance };
  }
  const { arc } = await verify(message);
  deepEqual([arc.result, arc.instances, arc.sealers.length, arc.oldestPass], ['pass', 50, 50, 0]);
  equal(await add(message, ed25519, arc), undefined);
  const extra = (await add(MESSAGE, ed25519, NONE))?.toString().replaceAll('i=1;', 'i=51;') ?? '';
  match((await verify(Buffer.concat([Buffer.from(extra), message]))).arc.reason ?? '', /more than 50 sets/);
});

test('results in one long line are folded at their blanks, and say the same', async () => {
  const { header, body } = splitMessage(MESSAGE);
  const results = `example.org; ${'dkim=pass header.d=example.org header.b="ab cd" (a  comment); '.repeat(40)}spf=none`;
  const fields = await sealArc({
    header,
    body: [body],
    key: rsa,
    authenticationResults: `Authentication-Results: ${results}`,
    chain: NONE,
    sealedAtMs: NOW_MS,
  });
  for (const line of fields?.toString().split('\r\n') ?? []) ok(line.length <= 78, line);
  const { arc } = await verify(Buffer.concat([fields ?? Buffer.alloc(0), MESSAGE]));
  deepEqual([arc.result, arc.authenticationResults], ['pass', results]);
});

test('the fields of a set are folded and come newest first', async () => {
  const fields = (await add(MESSAGE, rsa, NONE))?.toString() ?? '';
  deepEqual(fields.match(/^[A-Za-z-]+(?=:)/gm), ['ARC-Seal', 'ARC-Message-Signature', 'ARC-Authentication-Results']);
  ok(fields.endsWith('\r\n'));
  for (const line of fields.split('\r\n')) ok(line.length < 78, line);
});

test('a long chain that breaks at once asks for few keys, and one that holds for each key once', async () => {
  const record = dkimDnsRecord(ed25519.privateKey).text;
  const domains = Array.from({ length: 50 }, (_, index) => `d${index}.example`);
  let message: Buffer = MESSAGE;
  let chain = NONE;
  for (const domain of domains) {
    message = await seal(message, { ...ed25519, domain }, chain);
    chain = { ...chain, result: 'pass' };
  }
  const holding = new TxtResolver(Object.fromEntries(domains.map((domain) => [`ed._domainkey.${domain}`, [record]])));
  equal((await verifyMessage(holding, message, { nowMs: NOW_MS })).arc.result, 'pass');
  equal(holding.asked.length, 50);
  const broken = new TxtResolver(holding.zone);
  equal((await verifyMessage(broken, Buffer.from(message.toString().replace('some text', 'no text')), { nowMs: NOW_MS })).arc.result, 'fail');
  equal(broken.asked.length, 10);
});

test('a sealed message with any octets changed is judged and never throws, and a set that was changed never passes', async () => {
  const once = await seal(MESSAGE, ed25519, NONE);
  const whole = await seal(once, ed25519, (await verify(once)).arc);
  const setsEnd = whole.length - MESSAGE.length;
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.nat(whole.length - 1), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 3 }), async (changes) => {
      const message = Buffer.from(whole);
      for (const [at, octet] of changes) message[at] = octet;
      const { arc } = await verify(message);
      // Letters of tag values and base64: no white space, which may change, and not the name of a field, whose case does not matter.
      const isVisible = changes.some(
        ([at, octet]) => at < setsEnd && /[0-9]/.test(String.fromCharCode(whole[at] ?? 0)) && /[a-z]/.test(String.fromCharCode(octet)),
      );
      if (isVisible) equal(arc.result === 'pass', false);
    }),
    { numRuns: 500 },
  );
});

async function add(message: Buffer, key: SigningKey, chain: ArcResult): Promise<Buffer | undefined> {
  const { header, body } = splitMessage(message);
  const authenticationResults = `Authentication-Results: ${key.domain};\r\n\tdkim=pass header.d=example.org;\r\n\tspf=none\r\n`;
  return await sealArc({ header, body: [body], key, authenticationResults, chain, sealedAtMs: NOW_MS });
}

async function seal(message: Buffer, key: SigningKey, chain: ArcResult): Promise<Buffer> {
  const fields = await add(message, key, chain);
  if (fields === undefined) throw new Error('not sealed');
  return Buffer.concat([fields, message]);
}

async function verify(message: Buffer): ReturnType<typeof verifyMessage> {
  return await verifyMessage(resolver, message, { nowMs: NOW_MS });
}
