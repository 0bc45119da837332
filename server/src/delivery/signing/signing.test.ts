import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { test } from 'node:test';
import { generateDkimKeys, readSigningKey, type SigningKey } from '#authenticity/dkim/keys.ts';
import { SignatureVerifier } from '#authenticity/signature-verifier.ts';
import { TxtResolver } from '#authenticity/signed-mail.fixture.ts';
import type { AccountId } from '#core/ids.ts';
import { dkimRecordName } from '#directory/dkim-keys-published.ts';
import { addDkimKeys, listDkimKeys, switchDkimKeys } from '#directory/dkim-keys.ts';
import { makeDkimKeys } from '#directory/dkim-keys-make.ts';
import { findHeaderEnd } from '#message/header-end.ts';
import { Header } from '#message/header.ts';
import { type MailHouse, openMailHouse } from '../../../test/support/mail-house.ts';
import { OutgoingSigner } from './outgoing-signer.ts';
import type { SignOrder } from './sign-order.ts';
import { SigningKeys } from './signing-keys.ts';
import { SigningThreads } from './signing-threads.ts';

const DOMAIN = 'capri.example';
const JAN = { account: 1 as AccountId };
const NOBODY = { account: undefined };
const RECEIVED = 'Received: by mx.capri.example with ESMTPSA id x;\r\n\tMon, 23 Nov 2026 12:00:00 +0000\r\n';

test('what an account submits is signed with both keys, which are made where there are none', async () => {
  await using house = await openMailHouse();
  const message = Buffer.from(`${RECEIVED}From: Jan <jan@Capri.Example>\r\nSubject: x\r\n\r\ntext\r\n`);
  const signed = await sign(house, JAN, message);
  deepEqual(await verify(house, signed), [
    ['pass', DOMAIN, 'rsa-sha256'],
    ['pass', DOMAIN, 'ed25519-sha256'],
  ]);
  ok(signed.subarray(-message.length).equals(message));
});

test('a large body is signed as it is read, in pieces', async () => {
  await using house = await openMailHouse();
  const message = Buffer.from(`${RECEIVED}From: jan@capri.example\r\n\r\n${`${'0123456789'.repeat(7)}\r\n`.repeat(20_000)}`);
  const reads: number[] = [];
  const signed = await sign(house, JAN, message, reads);
  ok(reads.length > 4 && Math.max(...reads) <= 256 * 1024);
  deepEqual(
    (await verify(house, signed)).map(([result]) => result),
    ['pass', 'pass'],
  );
});

test('mail of the server itself is signed; what strangers have written, and other authors, are not', async () => {
  await using house = await openMailHouse();
  const own = Buffer.from('From: Mail Delivery System <postmaster@capri.example>\r\n\r\nbounce\r\n');
  equal((await verify(house, await sign(house, NOBODY, own))).length, 2);
  const forwarded = Buffer.from(`${RECEIVED}From: boss@capri.example\r\n\r\nforged\r\n`);
  equal((await verify(house, await sign(house, NOBODY, forwarded))).length, 0);
  for (const from of ['From: a@elsewhere.example\r\n', 'From: a@capri.example\r\nFrom: b@capri.example\r\n', '', 'From: nobody\r\n']) {
    const message = Buffer.from(`${RECEIVED}${from}\r\nx\r\n`);
    deepEqual(await sign(house, JAN, message), message, from);
  }
});

test('a message is signed with the keys that are active now', async () => {
  await using house = await openMailHouse();
  const { store, clock, log } = house;
  using keys = new SigningKeys({ store, clock, log });
  const selectors = async (): Promise<readonly string[]> => (await keys.of(DOMAIN)).map(({ selector }) => selector);
  deepEqual(await selectors(), ['r20261123', 'e20261123']);
  await makeDkimKeys(store, { domain: DOMAIN, as: 'next', nowMs: clock.nowMs() });
  deepEqual(await selectors(), ['r20261123', 'e20261123']);
  await store.commit(switchDkimKeys, { domain: DOMAIN, nowMs: clock.nowMs() });
  deepEqual(await selectors(), ['r20261123b', 'e20261123b']);
  deepEqual(await keys.of('elsewhere.example'), []);
});

test('a key that cannot be read leaves mail unsigned, with a line in the log', async () => {
  await using house = await openMailHouse();
  const { store, clock } = house;
  const key = { selector: 's', algorithm: 'rsa-sha256', pem: 'broken', record: 'v=DKIM1; p=' } as const;
  await store.commit(addDkimKeys, { domain: DOMAIN, as: 'first', keys: [key], nowMs: clock.nowMs() });
  const message = Buffer.from(`${RECEIVED}From: jan@capri.example\r\n\r\nx\r\n`);
  deepEqual(await sign(house, JAN, message), message);
  ok(house.log.lines.some(({ event }) => event === 'dkim.unsigned'));
});

test('what one message breaks does not keep the next from being signed, and what nobody will sign is said at once', async () => {
  const [rsa] = (await generateDkimKeys()).map(({ pem }) => readSigningKey({ domain: DOMAIN, selector: 's', pem }));
  if (rsa === undefined) throw new Error('no key');
  const order = (key: SigningKey): SignOrder => ({
    octets: new Uint8Array(Buffer.from('From: jan@capri.example\r\n\r\nx\r\n')),
    headerEnd: 27,
    bodyHash: undefined,
    keys: [key],
    signedAtMs: 0,
  });
  const threads = new SigningThreads();
  // A public key signs nothing.
  const broken = threads.sign(order({ ...rsa, privateKey: createPublicKey(rsa.privateKey) }));
  const next = threads.sign(order(rsa));
  await rejects(broken, /key/i);
  match(Buffer.from(await next).toString(), /^DKIM-Signature: v=1; a=rsa-sha256;/);
  const last = threads.sign(order(rsa));
  const stopped = rejects(last, /the thread that signs has ended/);
  await threads[Symbol.asyncDispose]();
  await stopped;
  await rejects(threads.sign(order(rsa)), /have been stopped/);
});

async function sign(
  { store, clock, log }: MailHouse,
  message: { readonly account: AccountId | undefined },
  octets: Buffer,
  reads: number[] = [],
): Promise<Buffer> {
  using keys = new SigningKeys({ store, clock, log });
  await using threads = new SigningThreads();
  const signer = new OutgoingSigner({ keys, threads, clock });
  const read = (start: number, length: number): Promise<Uint8Array> => {
    reads.push(length);
    return Promise.resolve(octets.subarray(start, start + length));
  };
  return Buffer.concat([await signer.sign(message, { sizeBytes: octets.length, read }), octets]);
}

async function verify({ store, clock }: MailHouse, message: Buffer): Promise<ReadonlyArray<readonly string[]>> {
  const zone = Object.fromEntries((await store.query(listDkimKeys(DOMAIN))).map((key) => [dkimRecordName(key), [key.record]]));
  const end = findHeaderEnd(message);
  const verifier = new SignatureVerifier(new TxtResolver(zone), { header: new Header(message.subarray(0, end)), nowMs: clock.nowMs() });
  verifier.body(message.subarray(end));
  return (await verifier.finish()).dkim.map(({ result, domain, algorithm }) => [result, domain, algorithm]);
}
