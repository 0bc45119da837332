import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addTestAccount, openTestDirectory, type TestDirectory } from '../../test/support/directory.ts';
import { removeAccount, setState } from './accounts.ts';
import { removeAlias } from './addresses.ts';
import { addDomain, setDomain } from './domains.ts';

test('an address is found in any case, with detail, in both forms of its domain', async () => {
  await using place = await openTestDirectory();
  await place.store.commit(addDomain, { domain: 'żółw.example', nowMs: 0 });
  const jan = await addTestAccount(place, 'jan', { addresses: ['jan@capri.example', 'jan@żółw.example', 'żaba@żółw.example'], quotaBytes: 1000 });
  assert.deepEqual(await place.people.resolve('JAN', 'Capri.Example'), {
    account: jan,
    address: 'jan@capri.example',
    detail: undefined,
    isCatchAll: false,
    quotaBytes: 1000,
    usedBytes: 0,
    isDisabled: false,
  });
  assert.deepEqual(await where(place, 'jan+Faktury+2026', 'capri.example'), [jan, 'jan@capri.example', 'Faktury+2026', false]);
  assert.deepEqual(await where(place, 'jan', 'XN--W-uga1v8h.example'), [jan, 'jan@xn--w-uga1v8h.example', undefined, false]);
  assert.deepEqual(await where(place, 'Z\u0307ABA', 'ŻÓŁW.example'), [jan, 'żaba@xn--w-uga1v8h.example', undefined, false]);
  assert.equal(await where(place, 'nobody', 'capri.example'), undefined);
  assert.equal(await where(place, '+jan', 'capri.example'), undefined);
  assert.equal(await where(place, 'jan', 'elsewhere.example'), undefined);
  assert.deepEqual(
    [await place.people.isLocalDomain('Capri.Example'), await place.people.isLocalDomain('żółw.example'), await place.people.isLocalDomain('x.capri.example')],
    [true, true, false],
  );
});

test('the separator of a detail belongs to the domain, and an address made with it comes first', async () => {
  await using place = await openTestDirectory();
  const jan = await addTestAccount(place, 'jan');
  const anna = await addTestAccount(place, 'anna', { addresses: ['jan+anna@capri.example'] });
  assert.deepEqual(await where(place, 'jan+anna', 'capri.example'), [anna, 'jan+anna@capri.example', undefined, false]);
  await place.store.commit(setDomain, { domain: 'capri.example', separator: '=' });
  assert.deepEqual(await where(place, 'jan=x', 'capri.example'), [jan, 'jan@capri.example', 'x', false]);
  assert.equal(await where(place, 'jan+x', 'capri.example'), undefined);
  await place.store.commit(setDomain, { domain: 'capri.example', separator: '' });
  assert.equal(await where(place, 'jan=x', 'capri.example'), undefined);
});

test('postmaster and abuse reach the administrator in every domain unless somebody has the address', async () => {
  await using place = await openTestDirectory();
  await place.store.commit(addDomain, { domain: 'second.example', nowMs: 0 });
  const jan = await addTestAccount(place, 'jan', { addresses: ['jan@capri.example', 'abuse@second.example'] });
  await assert.rejects(place.people.resolvePostmaster());
  assert.equal(await where(place, 'postmaster', 'capri.example'), undefined);
  const admin = await addTestAccount(place, 'admin', { isAdmin: true });
  const second = await addTestAccount(place, 'second', { isAdmin: true });
  assert.deepEqual(await where(place, 'PostMaster', 'second.example'), [admin, 'postmaster@second.example', undefined, false]);
  assert.deepEqual(await where(place, 'abuse', 'capri.example'), [admin, 'abuse@capri.example', undefined, false]);
  assert.deepEqual(await where(place, 'abuse', 'second.example'), [jan, 'abuse@second.example', undefined, false]);
  assert.equal((await place.people.resolvePostmaster()).account, admin);
  await place.store.commit(setState, { account: admin, state: 'disabled' });
  assert.equal((await place.people.resolvePostmaster()).account, second);
  assert.equal(await where(place, 'abuse', 'elsewhere.example'), undefined);
});

test('a catch-all gets what nobody has, but not what somebody had a short while ago', async () => {
  await using place = await openTestDirectory();
  const jan = await addTestAccount(place, 'jan');
  const anna = await addTestAccount(place, 'anna', { addresses: ['anna@capri.example', 'a@capri.example'] });
  await place.store.commit(setDomain, { domain: 'capri.example', catchAll: jan });
  assert.deepEqual(await where(place, 'Whoever+x', 'capri.example'), [jan, 'whoever@capri.example', 'x', true]);
  await place.store.commit(removeAlias, { address: 'a@capri.example', nowMs: place.clock.nowMs() });
  await place.store.commit(removeAccount, { account: anna, nowMs: place.clock.nowMs() });
  assert.equal(await where(place, 'a', 'capri.example'), undefined);
  assert.equal(await where(place, 'anna+x', 'capri.example'), undefined);
  place.clock.advance(200 * 24 * 3600_000);
  assert.deepEqual(await where(place, 'anna', 'capri.example'), [jan, 'anna@capri.example', undefined, true]);
});

test('an account may send as its own addresses, with any detail, and as no other', async () => {
  await using place = await openTestDirectory();
  const admin = await addTestAccount(place, 'admin', { isAdmin: true });
  const jan = await addTestAccount(place, 'jan', { addresses: ['jan@capri.example', 'jan.kowalski@capri.example'] });
  await place.store.commit(setDomain, { domain: 'capri.example', catchAll: jan });
  const may = async (account: typeof jan, ...locals: string[]): Promise<readonly boolean[]> =>
    Promise.all(locals.map((local) => place.people.maySendAs(account, local, 'CAPRI.example')));
  assert.deepEqual(await may(jan, 'jan', 'JAN.Kowalski', 'jan+x', 'admin', 'whoever', 'postmaster', ''), [true, true, true, false, false, false, false]);
  assert.deepEqual(await may(admin, 'postmaster', 'abuse', 'jan'), [true, true, false]);
  assert.equal(await place.people.maySendAs(jan, 'jan', 'elsewhere.example'), false);
  assert.equal(await place.people.primaryAddress(jan), 'jan@capri.example');
});

async function where(place: TestDirectory, localPart: string, domain: string): Promise<readonly unknown[] | undefined> {
  const found = await place.people.resolve(localPart, domain);
  return found && [found.account, found.address, found.detail, found.isCatchAll];
}
