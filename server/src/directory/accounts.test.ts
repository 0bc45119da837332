import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DomainError, type DomainErrorCode } from '#core/errors.ts';
import type { AccountId } from '#core/ids.ts';
import { listMailboxes } from '#store/list-mailboxes.ts';
import { addTestAccount, openTestDirectory } from '../../test/support/directory.ts';
import { findAccount, findAccountByLogin, listAccounts, removeAccount, setState, updateAccount } from './accounts.ts';
import { addAlias, listAddresses, listAliases, removeAlias } from './addresses.ts';
import { addDomain, findDomain, listDomains, removeDomain, setDomain } from './domains.ts';
import { RESERVED_MS } from './reserved.ts';

const DAY_MS = 24 * 3600_000;

test('an account has a login, addresses and the mailboxes that everybody has', async () => {
  await using place = await openTestDirectory();
  const account = await addTestAccount(place, 'Jan', {
    name: 'Jan Kowalski',
    addresses: ['Jan@Capri.Example', 'jan.kowalski@capri.example'],
    quotaBytes: 5e9,
    language: 'pl',
  });
  assert.deepEqual(await place.store.query(findAccount(account)), {
    account: 1,
    login: 'jan',
    name: 'Jan Kowalski',
    language: 'pl',
    isAdmin: false,
    state: 'active',
    quotaBytes: 5e9,
    primaryAddress: 'jan@capri.example',
    createdAtMs: place.clock.nowMs(),
  });
  assert.deepEqual(
    (await place.store.query(listAliases())).map(({ localPart, domain, login }) => [localPart, domain, login]),
    [
      ['jan', 'capri.example', 'jan'],
      ['jan.kowalski', 'capri.example', 'jan'],
    ],
  );
  assert.deepEqual((await place.store.query(listMailboxes(account))).map(({ name }) => name).sort(), ['Archive', 'Drafts', 'INBOX', 'Junk', 'Sent', 'Trash']);
});

test('logins and addresses are unique, and nothing remains of an account that could not be made', async () => {
  await using place = await openTestDirectory();
  await addTestAccount(place, 'jan');
  await refused(addTestAccount(place, 'JAN'), 'account-exists');
  await refused(addTestAccount(place, 'anna', { addresses: ['anna@capri.example', 'jan@capri.example'] }), 'address-exists');
  await refused(addTestAccount(place, 'anna', { addresses: ['anna@elsewhere.example'] }), 'domain-not-found');
  await refused(addTestAccount(place, 'anna', { addresses: ['anna@@x'] }), 'address-invalid');
  for (const login of ['', 'a@b', '.jan', 'jan.', 'a..b', 'jan nowak', 'żaba', 'a+b', 'x'.repeat(65)])
    await refused(addTestAccount(place, login, { addresses: [] }), 'login-invalid');
  assert.equal(await place.store.query(findAccountByLogin('anna')), undefined);
  assert.equal(await addTestAccount(place, 'anna'), 2);
  assert.deepEqual(
    (await place.store.query(listAccounts())).map(({ login }) => login),
    ['anna', 'jan'],
  );
});

test('an id is never used again, and login and addresses of a removed account stay reserved for a time', async () => {
  await using place = await openTestDirectory();
  const jan = await addTestAccount(place, 'jan', { addresses: ['jan@capri.example', 'j@capri.example'] });
  await place.store.commit(setDomain, { domain: 'capri.example', catchAll: jan });
  await place.store.commit(removeAccount, { account: jan, nowMs: place.clock.nowMs() });
  assert.equal((await place.store.query(findDomain('capri.example')))?.catchAll, undefined);
  await refused(addTestAccount(place, 'jan'), 'name-reserved');
  const anna = await addTestAccount(place, 'anna');
  assert.equal(anna, 2);
  await refused(place.store.commit(addAlias, { account: anna, address: 'J@capri.example', nowMs: place.clock.nowMs() }), 'name-reserved');
  place.clock.advance(RESERVED_MS + 1);
  await place.store.commit(addAlias, { account: anna, address: 'j@capri.example', nowMs: place.clock.nowMs() });
  assert.equal(await addTestAccount(place, 'jan'), 3);
});

test('a reserved name can be had again by who had it, and by decision of the administrator', async () => {
  await using place = await openTestDirectory();
  const nowMs = place.clock.nowMs();
  const jan = await addTestAccount(place, 'jan', { addresses: ['jan@capri.example', 'j@capri.example'] });
  const anna = await addTestAccount(place, 'anna');
  await place.store.commit(removeAlias, { address: 'j@capri.example', nowMs });
  await place.store.commit(addAlias, { account: jan, address: 'j@capri.example', nowMs });
  await place.store.commit(removeAlias, { address: 'j@capri.example', nowMs });
  await place.store.commit(addAlias, { account: anna, address: 'j@capri.example', allowReserved: true, nowMs });
  assert.deepEqual(
    (await place.store.query(listAddresses(anna))).map(({ localPart }) => localPart),
    ['anna', 'j'],
  );
});

test('the last administrator cannot be removed, disabled or demoted', async () => {
  await using place = await openTestDirectory();
  const { store } = place;
  const nowMs = place.clock.nowMs();
  const first = await addTestAccount(place, 'first', { isAdmin: true });
  await refused(store.commit(removeAccount, { account: first, nowMs }), 'not-permitted');
  await refused(store.commit(setState, { account: first, state: 'disabled' }), 'not-permitted');
  await refused(store.commit(updateAccount, { account: first, isAdmin: false }), 'not-permitted');
  const second = await addTestAccount(place, 'second', { isAdmin: true });
  await store.commit(setState, { account: second, state: 'disabled' });
  await refused(store.commit(removeAccount, { account: first, nowMs }), 'not-permitted');
  await store.commit(removeAccount, { account: second, nowMs });
});

test('what an account is called and may use can be changed', async () => {
  await using place = await openTestDirectory();
  const account = await addTestAccount(place, 'jan', { addresses: ['jan@capri.example', 'j@capri.example'] });
  await place.store.commit(updateAccount, { account, name: ' Jan\r\nKowalski ', quotaBytes: 100 });
  await place.store.commit(updateAccount, { account, address: 'j@capri.example' });
  await refused(place.store.commit(updateAccount, { account, name: 'Another', address: 'nobody@capri.example' }), 'address-not-found');
  const info = await place.store.query(findAccount(account));
  assert.deepEqual([info?.name, info?.quotaBytes, info?.primaryAddress], ['Jan Kowalski', 100, 'j@capri.example']);
  await place.store.commit(removeAlias, { address: 'j@capri.example', nowMs: place.clock.nowMs() });
  assert.equal((await place.store.query(findAccount(account)))?.primaryAddress, 'jan@capri.example');
  await refused(place.store.commit(updateAccount, { account: 99 as AccountId, name: 'x' }), 'account-not-found');
  await refused(place.store.commit(updateAccount, { account, quotaBytes: -1 }), 'bad-request');
});

test('domains are kept in A-labels and removed only when empty', async () => {
  await using place = await openTestDirectory();
  const { store } = place;
  const nowMs = place.clock.nowMs();
  assert.equal(await store.commit(addDomain, { domain: 'ŻÓŁW.example.', separator: '', nowMs }), 'xn--w-uga1v8h.example');
  await refused(store.commit(addDomain, { domain: 'żółw.example', nowMs }), 'domain-exists');
  for (const domain of ['', 'a..b', '127.0.0.1', '-a.example', 'a b.example', 'x'.repeat(64) + '.example', 'a@b.example']) {
    await refused(store.commit(addDomain, { domain, nowMs }), 'bad-request');
  }
  await addTestAccount(place, 'jan', { addresses: ['jan@żółw.example'] });
  await refused(store.commit(removeDomain, { domain: 'żółw.example' }), 'domain-not-empty');
  await store.commit(removeAlias, { address: 'jan@żółw.example', nowMs: nowMs + DAY_MS });
  await store.commit(removeDomain, { domain: 'żółw.example' });
  await refused(store.commit(removeDomain, { domain: 'żółw.example' }), 'domain-not-found');
  assert.deepEqual(
    (await store.query(listDomains())).map(({ domain }) => domain),
    ['capri.example'],
  );
});

async function refused(work: Promise<unknown>, code: DomainErrorCode): Promise<void> {
  await assert.rejects(work, (error) => error instanceof DomainError && error.code === code);
}
