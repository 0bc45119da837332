import { deepEqual, equal, match, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { addAlias } from '#directory/addresses.ts';
import { setDomain } from '#directory/domains.ts';
import { forwardSecrets, rotateForwardSecrets } from '#directory/forward-secrets.ts';
import { refusal } from '../../../test/support/deliver.ts';
import { deliver, forward, openForwardHouse, ownMail, queued, rewrittenOf } from '../../../test/support/forward-house.ts';
import { sendOwn } from '../send-own.ts';

test('mail for a rewritten sender goes to the true one, a forged or old one to nobody', async () => {
  await using house = await openForwardHouse();
  const rewritten = await rewrittenOf(house, 'Ann@outside.example');
  await deliver(house, { from: undefined, to: [rewritten], message: 'Subject: bounce\r\n\r\n' });
  const [bounce] = await queued(house);
  deepEqual([bounce?.sender, bounce?.recipients[0]?.localPart, bounce?.recipients[0]?.domain], ['', 'Ann', 'outside.example']);
  // Who writes there by hand comes under a sender of ours too.
  await deliver(house, { from: 'x@third.example', to: [rewritten], message: 'Subject: reply\r\n\r\n' });
  match((await queued(house))[1]?.sender ?? '', /^SRS0=[^=]+=[^=]+=third\.example=x@capri\.example$/);
  for (const forged of [
    rewritten.replace('outside', 'victim'),
    rewritten.replace(/=[a-z2-7]{8}=/, '=aaaaaaaa='),
    'SRS0=x=y=victim.example=a@capri.example',
    'SRS1=aaaaaaaa=victim.example==a=b@capri.example',
  ]) {
    await rejects(deliver(house, { from: undefined, to: [forged] }), refusal(550, '5.1.1'), forged);
  }
  house.clock.advance(30 * 24 * 3600 * 1000);
  await rejects(deliver(house, { from: undefined, to: [rewritten] }), refusal(550, '5.1.1'));
});

test('the domain of rewritten senders may be one of its own', async () => {
  await using house = await openForwardHouse({ settings: { forwarding: { domain: 'capri.example', srsDomain: 'fwd.capri.example', srsDays: 21 } } });
  await forward(house, 'jan', 'jan@gmail.example');
  await deliver(house, {});
  const sender = (await queued(house))[0]?.sender ?? '';
  match(sender, /@fwd\.capri\.example$/);
  await deliver(house, { from: undefined, to: [sender], message: 'Subject: bounce\r\n\r\n' });
  equal((await queued(house))[1]?.recipients[0]?.domain, 'outside.example');
  await rejects(deliver(house, { from: undefined, to: ['somebody@fwd.capri.example'] }), refusal(550, '5.7.1'));
  await rejects(deliver(house, { from: undefined, to: ['SRS0=aaaaaaaa=aa=victim.example=a@fwd.capri.example'] }), refusal(550, '5.1.1'));
});

test('mail of the server for a rewritten sender leaves for the true one', async () => {
  await using house = await openForwardHouse();
  const [localPart = '', domain = ''] = (await rewrittenOf(house, 'ann@outside.example')).split('@');
  equal(await sendOwn(ownMail(house), { localPart, domain }, Buffer.from('Subject: notice\r\n\r\n')), 'delivered');
  equal((await queued(house))[0]?.recipients[0]?.domain, 'outside.example');
  equal(await sendOwn(ownMail(house), { localPart: localPart.replace('ann', 'eve'), domain }, Buffer.from('Subject: notice\r\n\r\n')), 'refused');
});

test('a catch-all does not get what is sent to forged rewritten senders', async () => {
  await using house = await openForwardHouse();
  await house.store.commit(setDomain, { domain: 'capri.example', catchAll: house.accounts.anna });
  await rejects(deliver(house, { from: undefined, to: ['SRS0=aaaaaaaa=aa=victim.example=a@capri.example'] }), refusal(550, '5.1.1'));
  await house.store.commit(addAlias, { account: house.accounts.jan, address: 'srs0-team@capri.example', nowMs: house.clock.nowMs() });
  await deliver(house, { to: ['SRS0-team@capri.example'] });
  equal((await house.inbox(house.accounts.jan)).length, 1);
});

test('secrets of rewritten senders are followed by others, and taken until nothing of theirs can come back', async () => {
  await using house = await openForwardHouse();
  const DAY_MS = 24 * 3600 * 1000;
  const rotate = (octet: number): Promise<boolean> =>
    house.store.commit(rotateForwardSecrets, { secret: Buffer.alloc(32, octet), validMs: 21 * DAY_MS, nowMs: house.clock.nowMs() });
  house.clock.advance(Math.max(0, Date.now() - house.clock.nowMs()));
  equal(await rotate(1), false);
  const old = await rewrittenOf(house, 'ann@outside.example');
  house.clock.advance(91 * DAY_MS);
  equal(await rotate(2), true);
  equal((await house.store.query(forwardSecrets())).length, 2);
  equal(await rotate(3), false);
  house.clock.advance(22 * DAY_MS);
  await rotate(4);
  deepEqual(
    (await house.store.query(forwardSecrets())).map((secret) => secret[0]),
    [2],
  );
  await rejects(deliver(house, { from: undefined, to: [old] }), refusal(550, '5.1.1'));
});
