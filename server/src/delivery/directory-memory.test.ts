import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { setState, updateAccount } from '#directory/accounts.ts';
import { addAlias, removeAlias } from '#directory/addresses.ts';
import { openMailHouse, PASSWORD } from '../../test/support/mail-house.ts';
import { DirectoryMemory } from './directory-memory.ts';

test('what the directory said is known until it changes, and what is not there is asked for each time', async () => {
  await using house = await openMailHouse();
  const memory = new DirectoryMemory(house.directory, house.store);
  const { anna, jan } = house.accounts;
  const ask = async (localPart: string): Promise<number | undefined> => (await memory.resolve(localPart, 'capri.example'))?.account;
  deepEqual([await ask('jan'), await ask('jan'), await ask('ania')], [jan, jan, undefined]);
  await house.store.commit(addAlias, { account: anna, address: 'ania@capri.example', nowMs: house.clock.nowMs() });
  deepEqual([await ask('ania'), await memory.maySendAs(anna, 'ania', 'capri.example')], [anna, true]);
  await house.store.commit(removeAlias, { address: 'ania@capri.example', nowMs: house.clock.nowMs() });
  deepEqual([await ask('ania'), await memory.maySendAs(anna, 'ania', 'capri.example')], [undefined, false]);
  await house.store.commit(setState, { account: jan, state: 'disabled' });
  equal((await memory.resolve('jan', 'capri.example'))?.isDisabled, true);
});

test('how full a mailbox is is never remembered', async () => {
  await using house = await openMailHouse();
  const memory = new DirectoryMemory(house.directory, house.store);
  await house.store.commit(updateAccount, { account: house.accounts.jan, quotaBytes: 1_000_000 });
  const used = async (): Promise<number | undefined> => (await memory.resolve('jan', 'capri.example'))?.usedBytes;
  equal(await used(), 0);
  const envelope = await house.delivery.begin(
    { connectionId: 'c', address: '192.0.2.1', helo: 'x', protocol: 'SMTP', tls: undefined, identity: undefined },
    undefined,
    { sizeBytes: undefined, body: '7BIT', smtpUtf8: false, ret: undefined, envelopeId: undefined },
  );
  await envelope.recipient({ localPart: 'jan', domain: 'capri.example' }, { notify: undefined, originalRecipient: undefined });
  const sink = envelope.open();
  await sink.write(Buffer.from('Subject: x\r\n\r\n'));
  await sink.finish();
  equal(((await used()) ?? 0) > 0, true);
});

test('an identity is good until its account changes', async () => {
  await using house = await openMailHouse();
  const memory = new DirectoryMemory(house.directory, house.store);
  const identity = await house.directory.signInWithPassword('jan', PASSWORD, { listener: 'submissions', remoteAddress: '192.0.2.7', connectionId: 'c1' });
  deepEqual([await memory.isCurrent(identity), await memory.isCurrent(identity)], [true, true]);
  await house.store.commit(setState, { account: house.accounts.jan, state: 'disabled' });
  equal(await memory.isCurrent(identity), false);
});
