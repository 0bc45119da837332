import { deepEqual, equal, match, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { generateDkimKeys, dkimDnsRecord, readSigningKey, type SigningKey } from '#authenticity/dkim/keys.ts';
import { hashWholeBody, signDkim } from '#authenticity/dkim/sign.ts';
import { untoldForwards } from '#directory/forward-outcomes.ts';
import { Header } from '#message/header.ts';
import { FakeDns, type Zone } from '../../../test/support/dns.ts';
import { refusal, stranger } from '../../../test/support/deliver.ts';
import { deliver, forward, openForwardHouse, ownMail, queued, trail, rewrittenOf } from '../../../test/support/forward-house.ts';
import { tellOfForwards } from './mails.ts';

test('under a DMARC policy only what the author has signed is forwarded; the rest is kept and the user told once a day', async () => {
  await using dns = await FakeDns.start(zone);
  await using house = await openForwardHouse({ resolver: dns.resolver() });
  await forward(house, 'jan', 'jan@gmail.example', { keepsCopy: false });
  const key = await signingKey('strict.example', dns);
  const unsigned = 'From: "Ann, Nowak" <ann@strict.example>\r\nSubject: unsigned\r\n\r\ntext\r\n';
  const { id } = await deliver(house, { from: 'ann@strict.example', message: unsigned });
  deepEqual(await queued(house), []);
  equal((await house.inbox(house.accounts.jan)).length, 1);
  deepEqual((await trail(house, id)).find(({ event }) => event === 'kept')?.details, { to: 'jan@gmail.example', reason: 'dmarc' });
  await deliver(house, { from: 'ann@strict.example', message: unsigned });
  const own = ownMail(house);
  equal(await tellOfForwards(own), 1);
  equal(await tellOfForwards(own), 0);
  const told = (await house.inbox(house.accounts.jan)).filter((text) => text.includes('Auto-Submitted'));
  deepEqual(told, []);
  // The user reads elsewhere: that is where the mail about it goes.
  const [notice] = await queued(house);
  match(
    notice?.text ?? '',
    /^Delivered-To: jan@capri\.example\r\n[^]*Subject: Not forwarded, but kept for you: mail from strict\.example\r\n[^]*ann@strict\.example/,
  );
  deepEqual([notice?.sender, notice?.recipients[0]?.domain], ['', 'gmail.example']);
  await deliver(house, { from: 'ann@strict.example', message: signed(unsigned, key) });
  const [, letter] = await queued(house);
  match(letter?.text ?? '', /DKIM-Signature: [^]*Subject: unsigned/);
  house.clock.advance(25 * 3600 * 1000);
  await deliver(house, { from: 'ann@strict.example', message: unsigned });
  equal(await tellOfForwards(own), 1);
});

test('who claims to be from here without proof does not become genuine by being forwarded', async () => {
  await using dns = await FakeDns.start({ ...zone, 'capri.example': { TXT: ['v=spf1 ip4:203.0.113.5 ip4:192.0.2.99 -all'] } });
  await using house = await openForwardHouse({ resolver: dns.resolver() });
  await forward(house, 'jan', 'jan@gmail.example');
  const claims = { message: 'From: Boss <anna@capri.example>\r\nSubject: pay this\r\n\r\n' };
  for (const from of ['anna@capri.example', 'a@outside.example', undefined]) {
    const { id } = await deliver(house, { ...claims, from });
    deepEqual((await trail(house, id)).find(({ event }) => event === 'kept')?.details, { to: 'jan@gmail.example', reason: 'forged' });
  }
  deepEqual(await queued(house), []);
  equal(await tellOfForwards(ownMail(house)), 1);
  match((await house.inbox(house.accounts.jan)).join(), /Subject: Not forwarded: mail that claims to be from capri\.example/);
  // Notices of the server itself, which come from here, are forwarded.
  equal((await queued(house)).length, 1);
  await deliver(house, { ...claims, from: 'anna@capri.example', peer: { ...stranger, address: '192.0.2.99' } });
  equal((await queued(house)).length, 2);
  const rewritten = await rewrittenOf(house, 'ann@outside.example');
  await rejects(deliver(house, { ...claims, from: undefined, to: [rewritten] }), refusal(550, '5.7.1'));
});

test('who forges many names does not fill a mailbox with notices', async () => {
  await using dns = await FakeDns.start(zone);
  await using house = await openForwardHouse({ resolver: dns.resolver() });
  await forward(house, 'jan', 'jan@gmail.example');
  for (let n = 0; n < 15; n++) {
    dns.zone[`d${n}.example`] = { TXT: ['v=spf1 ip4:192.0.2.0/24 -all'] };
    dns.zone[`_dmarc.d${n}.example`] = { TXT: ['v=DMARC1; p=reject'] };
    await deliver(house, { from: `a@d${n}.example`, message: `From: a@d${n}.example\r\n\r\n` });
  }
  equal((await house.store.query(untoldForwards())).length, 10);
});

test('what goes to Junk is never forwarded', async () => {
  await using dns = await FakeDns.start({ ...zone, '_dmarc.careful.example': { TXT: ['v=DMARC1; p=quarantine'] } });
  await using house = await openForwardHouse({ resolver: dns.resolver() });
  await forward(house, 'jan', 'jan@gmail.example', { keepsCopy: false });
  const { id } = await deliver(house, { message: 'From: ann@careful.example\r\n\r\n' });
  deepEqual(await queued(house), []);
  equal((await house.mailbox(house.accounts.jan, 'Junk')).length, 1);
  deepEqual((await trail(house, id)).find(({ event }) => event === 'kept')?.details, { to: 'jan@gmail.example', reason: 'junk' });
  equal((await house.store.query(untoldForwards())).length, 0);
});

const zone: Zone = {
  '7.2.0.192.in-addr.arpa': { PTR: ['client.example'] },
  'outside.example': { TXT: ['v=spf1 ip4:192.0.2.0/24 -all'] },
  'strict.example': { TXT: ['v=spf1 ip4:192.0.2.0/24 -all'] },
  '_dmarc.strict.example': { TXT: ['v=DMARC1; p=reject'] },
};

async function signingKey(domain: string, dns: FakeDns): Promise<SigningKey> {
  const [generated] = await generateDkimKeys();
  const pem = generated?.pem ?? '';
  const key = readSigningKey({ domain, selector: 's1', pem });
  dns.zone[`s1._domainkey.${domain}`] = { TXT: [dkimDnsRecord(key.privateKey).strings] };
  return key;
}

function signed(message: string, key: SigningKey): string {
  const end = message.indexOf('\r\n\r\n') + 4;
  const fields = signDkim({
    header: new Header(Buffer.from(message.slice(0, end))),
    bodyHash: hashWholeBody(Buffer.from(message.slice(end))),
    keys: [key],
    signedAtMs: Date.UTC(2026, 10, 23),
  });
  return fields.toString('latin1') + message;
}
