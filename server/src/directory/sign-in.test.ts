import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addTestAccount, openTestDirectory, signInFrom, type TestDirectory } from '../../test/support/directory.ts';
import { setState } from './accounts.ts';
import { addAlias } from './addresses.ts';
import { setPassword } from './credentials.ts';
import { type Identity, type SignInContext, SignInRefused } from './directory.ts';
import { setDomain } from './domains.ts';
import { openDirectory } from './open-directory.ts';
import { hashPassword } from './password.ts';
import { makeScramKeys } from './scram-keys.ts';
import { createSharedSignInState } from './shared-sign-in.ts';
import { DEFAULT_LIMITS } from './sign-in-limits.ts';
import { listSignIns } from './sign-in-record.ts';

const QUICK = { ...DEFAULT_LIMITS, maxDelayMs: 5 };

test('a login or any of its addresses signs in, in any case', async () => {
  await using place = await openTestDirectory();
  const account = await addTestAccount(place, 'jan', { name: 'Jan Kowalski', addresses: ['jan@capri.example', 'j.k@capri.example'], isAdmin: true });
  const expected: Identity = { account, login: 'jan', name: 'Jan Kowalski', isAdmin: true, language: '', credentialVersion: 1 };
  for (const name of ['jan', 'JAN', 'jan@capri.example', 'J.K@Capri.Example']) {
    assert.deepEqual(await place.people.signInWithPassword(name, 'jan-password', signInFrom()), expected);
  }
});

test('every refusal says the same and comes at the same time', async () => {
  await using place = await openTestDirectory({ refusalMs: 400 });
  await addTestAccount(place, 'jan');
  const off = await addTestAccount(place, 'off');
  await place.store.commit(setState, { account: off, state: 'disabled' });
  const attempts = [
    ['jan', 'wrong', 'wrong-password'],
    ['nobody', 'wrong', 'unknown-login'],
    ['nobody@capri.example', 'wrong', 'unknown-login'],
    ['off', 'off-password', 'disabled'],
    ['off', 'wrong', 'disabled'],
    ['jan', '', 'malformed'],
    ['', 'x', 'unknown-login'],
    ['jan+x@capri.example', 'jan-password', 'unknown-login'],
  ] as const;
  for (const [name, password, cause] of attempts) {
    const startMs = performance.now();
    const error = await refusal(place, name, password);
    const tookMs = performance.now() - startMs;
    assert.equal(error.cause_, cause);
    assert.equal(error.message, 'Sign-in refused; with a second factor on, use an app password');
    // On a busy machine a hash may take longer than one step: then it is the next.
    assert.ok(tookMs > 395, `${cause} took ${tookMs} ms`);
  }
});

test('every refusal names the page that helps, where there is one', async () => {
  await using place = await openTestDirectory({ helpUrl: 'https://www.capri.example/help' });
  await addTestAccount(place, 'jan');
  const errors = [await refusal(place, 'jan', 'wrong'), await refusal(place, 'nobody', 'wrong'), await refusal(place, 'jan', '')];
  assert.deepEqual(
    errors.map(({ message }) => message),
    Array.from({ length: 3 }, () => 'Sign-in refused; with a second factor on, use an app password: https://www.capri.example/help'),
  );
});

test('signing in with an address can be switched off for a domain', async () => {
  await using place = await openTestDirectory();
  await addTestAccount(place, 'jan');
  await place.store.commit(setDomain, { domain: 'capri.example', addressSignIn: false });
  assert.equal((await refusal(place, 'jan@capri.example', 'jan-password')).cause_, 'address-sign-in-off');
  assert.equal((await place.people.signInWithPassword('jan', 'jan-password', signInFrom())).login, 'jan');
});

test('a change of password or state ends cached sign-ins at once, in other threads too', async () => {
  const signIn = createSharedSignInState();
  await using place = await openTestDirectory({ signIn });
  await using second = openDirectory({ store: place.store, log: place.log, clock: place.clock, signIn, refusalMs: 20 });
  const account = await addTestAccount(place, 'jan');
  const identity = await place.people.signInWithPassword('jan', 'jan-password', signInFrom());
  await second.signInWithPassword('jan', 'jan-password', signInFrom());
  assert.equal(await second.isCurrent(identity), true);

  await place.store.commit(setPassword, { account, passwordHash: await hashPassword('another') });
  await assert.rejects(second.signInWithPassword('jan', 'jan-password', signInFrom()), SignInRefused);
  assert.equal(await second.isCurrent(identity), false);
  const later = await second.signInWithPassword('jan', 'another', signInFrom());
  await place.store.commit(setState, { account, state: 'disabled' });
  await assert.rejects(second.signInWithPassword('jan', 'another', signInFrom()), SignInRefused);
  assert.equal(await place.people.isCurrent(later), false);
  await place.store.commit(setState, { account, state: 'active' });
  await second.signInWithPassword('jan', 'another', signInFrom());
});

test('a password that was right a short while ago costs no hash, on any thread', async () => {
  const signIn = createSharedSignInState();
  await using place = await openTestDirectory({ signIn });
  await using second = openDirectory({ store: place.store, log: place.log, clock: place.clock, signIn });
  await addTestAccount(place, 'jan');
  await place.people.signInWithPassword('jan', 'jan-password', signInFrom());
  const before = process.cpuUsage();
  for (let n = 0; n < 100; n++) await second.signInWithPassword('jan', 'jan-password', signInFrom());
  // Of the processor, on all threads: a busy machine does not change it.
  assert.ok(process.cpuUsage(before).user < 1_000_000, 'a hundred hashes would cost some 2.5 seconds');
});

test('an address that guesses is refused after ten guesses, and nobody else is', async () => {
  await using place = await openTestDirectory({ limits: QUICK, refusalMs: 1 });
  await addTestAccount(place, 'jan');
  const attacker = signInFrom('192.0.2.66');
  const causes: string[] = [];
  for (let n = 0; n < 12; n++) causes.push((await refusal(place, 'jan', `guess ${n}`, attacker)).cause_);
  assert.deepEqual(causes, [...Array.from({ length: 10 }, () => 'wrong-password'), 'limited', 'limited']);
  assert.equal((await refusal(place, 'jan', 'jan-password', attacker)).cause_, 'limited');
  assert.equal((await place.people.signInWithPassword('jan', 'jan-password', signInFrom('198.51.100.1'))).login, 'jan');
  place.clock.advance(3600_000);
  assert.equal((await place.people.signInWithPassword('jan', 'jan-password', attacker)).login, 'jan');
});

test('a thousand guesses at once find no gap', async () => {
  await using place = await openTestDirectory({ limits: QUICK, refusalMs: 1 });
  await addTestAccount(place, 'jan');
  const guesses = Array.from({ length: 200 }, (_, n) => refusal(place, 'jan', `guess ${n}`, signInFrom('192.0.2.66')));
  const causes = (await Promise.all(guesses)).map(({ cause_ }) => cause_);
  assert.equal(causes.filter((cause) => cause === 'wrong-password').length, 10);
});

test('a mail program that repeats an old password, and many that begin at once, use up nothing', async () => {
  await using place = await openTestDirectory({ limits: QUICK, refusalMs: 1 });
  await addTestAccount(place, 'jan');
  const phone = signInFrom('192.0.2.7');
  for (let n = 0; n < 30; n++) assert.equal((await refusal(place, 'jan', 'old password', phone)).cause_, 'wrong-password');
  const all = await Promise.all(Array.from({ length: 50 }, () => place.people.signInWithPassword('jan', 'jan-password', phone)));
  assert.equal(all.length, 50);
});

test('this machine is delayed, never refused', async () => {
  await using place = await openTestDirectory({ limits: QUICK, refusalMs: 1 });
  await addTestAccount(place, 'jan');
  for (const context of [signInFrom('127.0.0.1'), signInFrom('local')]) {
    for (let n = 0; n < 30; n++) assert.equal((await refusal(place, 'jan', `guess ${context.remoteAddress} ${n}`, context)).cause_, 'wrong-password');
    await place.people.signInWithPassword('jan', 'jan-password', context);
  }
});

test('a network that signed in within 30 days may try more often than a stranger', async () => {
  await using place = await openTestDirectory({ limits: QUICK, refusalMs: 1 });
  await addTestAccount(place, 'jan');
  const home = signInFrom('2001:db8:1:2::3');
  await place.people.signInWithPassword('jan', 'jan-password', home);
  await place.people.flush();
  const guesses = async (context: SignInContext, count: number): Promise<number> => {
    let checked = 0;
    for (let n = 0; n < count; n++)
      if ((await refusal(place, 'jan', `guess ${context.remoteAddress} ${place.clock.nowMs()} ${n}`, context)).cause_ !== 'limited') checked++;
    return checked;
  };
  assert.equal(await guesses(home, 22), DEFAULT_LIMITS.familiar.burst);
  assert.equal(await guesses(signInFrom('2001:db8:1:ffff::9'), 22), DEFAULT_LIMITS.familiar.burst);
  assert.equal(await guesses(signInFrom('2001:db8:2::9'), 12), DEFAULT_LIMITS.perAddressAndAccount.burst);
  place.clock.advance(31 * 24 * 3600_000);
  assert.equal(await guesses(home, 12), DEFAULT_LIMITS.perAddressAndAccount.burst);
});

test('guesses from everywhere delay strangers and not who is at home', async () => {
  await using place = await openTestDirectory({ limits: { ...DEFAULT_LIMITS, maxDelayMs: 2000 }, refusalMs: 1 });
  await addTestAccount(place, 'jan');
  const home = signInFrom('203.0.113.9');
  await place.people.signInWithPassword('jan', 'jan-password', home);
  await place.people.flush();
  for (let n = 0; n < DEFAULT_LIMITS.perAccount.burst; n++) await refusal(place, 'jan', `guess ${n}`, signInFrom(`192.0.${n}.1`));
  const timed = async (address: string): Promise<number> => {
    const startMs = performance.now();
    await place.people.signInWithPassword('jan', `jan-password`, signInFrom(address));
    return performance.now() - startMs;
  };
  assert.ok((await timed('203.0.113.20')) < 1500);
  await place.store.commit(setPassword, { account: 1 as Identity['account'], passwordHash: await hashPassword('jan-password') });
  assert.ok((await timed('198.51.100.1')) >= 1990);
});

test('the list of sign-ins tells the true cause, and the log too', async () => {
  await using place = await openTestDirectory();
  const account = await addTestAccount(place, 'jan');
  await place.people.signInWithPassword('jan', 'jan-password', signInFrom('192.0.2.1'));
  await refusal(place, 'jan', 'wrong', signInFrom('192.0.2.2'));
  await refusal(place, 'jan', 'wrong', signInFrom('192.0.2.2'));
  await refusal(place, 'nobody', 'wrong', signInFrom('192.0.2.2'));
  await place.people.flush();
  const listed = await place.store.query(listSignIns(account));
  assert.deepEqual(
    listed.map(({ address, listener, outcome, count }) => [address, listener, outcome, count]).toSorted((a, b) => String(a).localeCompare(String(b))),
    [
      ['192.0.2.1', 'imaps', 'accepted', 1],
      ['192.0.2.2', 'imaps', 'wrong-password', 2],
    ],
  );
  assert.deepEqual(
    place.log.lines.filter(({ event }) => event === 'sign-in.refused').map(({ fields }) => [fields['login'], fields['cause']]),
    [
      ['jan', 'wrong-password'],
      ['jan', 'wrong-password'],
      ['nobody', 'unknown-login'],
    ],
  );
  assert.equal(JSON.stringify(place.log.lines).includes('"wrong"'), false);
});

test('SCRAM keys exist for passwords that the server made, and every other name has stable fakes', async () => {
  await using place = await openTestDirectory();
  const account = await addTestAccount(place, 'gen', { generated: true });
  await place.store.commit(addAlias, { account, address: 'alias@capri.example', nowMs: 0 });
  await addTestAccount(place, 'chosen');
  const keys = async (name: string) => place.people.scramKeys(name, signInFrom());
  assert.equal((await keys('gen')).account, account);
  assert.deepEqual((await keys('alias@capri.example')).salt, (await keys('GEN')).salt);
  for (const name of ['chosen', 'nobody', '']) {
    const fake = await keys(name);
    assert.deepEqual([fake.account, fake.salt.length, fake.iterations], [undefined, 16, (await keys('gen')).iterations]);
    assert.deepEqual((await keys(name.toUpperCase())).salt, fake.salt);
    await assert.rejects(place.people.finishScram(fake, true, signInFrom()), SignInRefused);
  }
  assert.notDeepEqual((await keys('chosen')).salt, (await keys('nobody')).salt);
});

test('SCRAM keys that were replaced during the exchange prove nothing', async () => {
  await using place = await openTestDirectory();
  const account = await addTestAccount(place, 'gen', { generated: true });
  const keys = await place.people.scramKeys('gen', signInFrom());
  assert.equal((await place.people.finishScram(keys, true, signInFrom())).login, 'gen');
  await assert.rejects(place.people.finishScram(keys, false, signInFrom()), SignInRefused);
  await place.store.commit(setPassword, { account, passwordHash: await hashPassword('next'), scramKeys: await makeScramKeys('next') });
  await assert.rejects(place.people.finishScram(keys, true, signInFrom()), SignInRefused);
});

async function refusal(place: TestDirectory, name: string, password: string, context = signInFrom()): Promise<SignInRefused> {
  try {
    await place.people.signInWithPassword(name, password, context);
  } catch (error) {
    if (error instanceof SignInRefused) return error;
    throw error;
  }
  return assert.fail(`${name} signed in`);
}
