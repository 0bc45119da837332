import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { dkimDnsRecord, generateDkimKeys, readSigningKey } from '#authenticity/dkim/keys.ts';
import { FakeClock } from '#core/clock.ts';
import { DomainError } from '#core/errors.ts';
import { FakeDns } from '../../test/support/dns.ts';
import { MemoryLog } from '../../test/support/log.ts';
import { openTestStore, TEST_TIME_MS } from '../../test/support/store.ts';
import { makeDkimKeys } from './dkim-keys-make.ts';
import { dkimRecordName, isSameKey } from './dkim-keys-published.ts';
import { type DkimRotation, makeMissingKeys, tendDkimKeys } from './dkim-keys-tend.ts';
import { type DkimKeyInfo, listDkimKeys } from './dkim-keys.ts';
import { addDomain, removeDomain } from './domains.ts';
import { DIRECTORY_MUTATIONS } from './mutations.ts';

const DAY_MS = 24 * 3_600_000;
const ROTATION: DkimRotation = { rotateAfterMs: 180 * DAY_MS, publishedForMs: 3_600_000, keepRetiredMs: 14 * DAY_MS };

test('domains without keys get an RSA and an Ed25519 key, once', async () => {
  await using place = await open('a.example', 'b.example');
  const { store, clock } = place;
  await makeMissingKeys({ store, clock, signal: undefined });
  await makeMissingKeys({ store, clock, signal: undefined });
  for (const domain of ['a.example', 'b.example']) {
    deepEqual(outline(await store.query(listDkimKeys(domain))), ['r20261123 active', 'e20261123 active']);
  }
  equal(await makeDkimKeys(store, { domain: 'a.example', as: 'first', nowMs: clock.nowMs() }), false);
  await rejects(makeDkimKeys(store, { domain: 'nobody.example', as: 'first', nowMs: 0 }), DomainError);
});

test('old keys are followed by new ones, which are used when they have been published for long enough; old records stay a while', async () => {
  await using place = await open('a.example');
  const { tend, keys, clock, dns } = place;
  await tend();
  const [oldKey] = await keys();
  clock.advance(180 * DAY_MS);
  await tend();
  const made = await keys();
  deepEqual(outline(made), ['r20261123 active', 'r20270522 upcoming', 'e20261123 active', 'e20270522 upcoming']);

  clock.advance(DAY_MS);
  await tend();
  deepEqual(outline(await keys()), outline(made), 'not published');

  publish(dns, made);
  await tend();
  deepEqual(outline(await keys()), outline(made), 'not published for long enough');
  clock.advance(2 * 3_600_000);
  await tend();
  const switched = await keys();
  deepEqual(outline(switched), ['r20261123 retired', 'r20270522 active', 'e20261123 retired', 'e20270522 active']);
  equal(switched.find(({ selector }) => selector === oldKey?.selector)?.pem, undefined, 'what is retired cannot sign');
  ok(place.log.lines.some(({ event }) => event === 'dkim.switched'));

  clock.advance(15 * DAY_MS);
  await tend();
  deepEqual(outline(await keys()), ['r20270522 active', 'e20270522 active']);
});

test('a DNS that does not answer changes nothing; a record that goes away begins the waiting anew', async () => {
  await using place = await open('a.example');
  const { store, tend, keys, clock, dns } = place;
  await tend();
  await makeDkimKeys(store, { domain: 'a.example', as: 'next', nowMs: clock.nowMs() });
  const made = await keys();
  publish(dns, made);
  await tend();
  deepEqual(new Set((await keys()).map(({ publishedAtMs }) => publishedAtMs)), new Set([clock.nowMs()]));

  clock.advance(DAY_MS);
  dns.faults = { failing: made.map(dkimRecordName) };
  await tend();
  deepEqual(outline(await keys()), outline(made));

  dns.faults = {};
  dns.zone = {};
  await tend();
  publish(dns, made);
  await tend();
  deepEqual(outline(await keys()), outline(made));
  clock.advance(2 * 3_600_000);
  await tend();
  deepEqual(outline(await keys()), ['r20261123 retired', 'r20261123b active', 'e20261123 retired', 'e20261123b active']);
});

test('keys made twice before they were used replace each other; a removed domain leaves none', async () => {
  await using place = await open('a.example');
  const { store, clock, keys, tend } = place;
  await tend();
  const next = { domain: 'a.example', as: 'next', nowMs: clock.nowMs() } as const;
  await makeDkimKeys(store, next);
  const [, first] = await keys();
  await makeDkimKeys(store, next);
  const [, second] = await keys();
  deepEqual(outline(await keys()), ['r20261123 active', 'r20261123b upcoming', 'e20261123 active', 'e20261123b upcoming']);
  ok(first !== undefined && second !== undefined && !isSameKey(first.record, second.record));
  await store.commit(removeDomain, { domain: 'a.example' });
  deepEqual(await keys(), []);
});

/** Long records in several strings, as they must be. */
function publish(dns: FakeDns, keys: readonly DkimKeyInfo[]): void {
  for (const key of keys) dns.zone[dkimRecordName(key)] = { TXT: [key.record.match(/.{1,250}/g) ?? []] };
}

function outline(keys: readonly DkimKeyInfo[]): readonly string[] {
  return keys.map(({ selector, state }) => `${selector} ${state}`);
}

async function open(...domains: readonly string[]): Promise<
  AsyncDisposable & {
    readonly store: Awaited<ReturnType<typeof openTestStore>>['store'];
    readonly clock: FakeClock;
    readonly dns: FakeDns;
    readonly log: MemoryLog;
    readonly tend: () => Promise<void>;
    readonly keys: () => Promise<readonly DkimKeyInfo[]>;
  }
> {
  const opened = await openTestStore({ mutations: DIRECTORY_MUTATIONS });
  const { store } = opened;
  const clock = new FakeClock(TEST_TIME_MS);
  const log = new MemoryLog();
  const dns = await FakeDns.start({});
  for (const domain of domains) await store.commit(addDomain, { domain, nowMs: clock.nowMs() });
  return {
    store,
    clock,
    dns,
    log,
    // A resolver of its own each time: what one remembers is not the subject here.
    tend: () => tendDkimKeys({ store, clock, log, resolver: dns.resolver(5000), rotation: ROTATION }),
    keys: () => store.query(listDkimKeys(domains[0] ?? '')),
    async [Symbol.asyncDispose]() {
      await dns[Symbol.asyncDispose]();
      await opened[Symbol.asyncDispose]();
    },
  };
}

test('a record with a key of another kind is not the same, and comparing leaves nothing behind', async () => {
  const [rsa, ed25519] = await generateDkimKeys();
  const records = [rsa, ed25519].map((key) => dkimDnsRecord(key?.pem ?? '').text);
  deepEqual(
    records.map((text) => records.map((record) => isSameKey(text, record))),
    [
      [true, false],
      [false, true],
    ],
  );
  equal(readSigningKey({ domain: 'capri.example', selector: 's', pem: rsa?.pem ?? '' }).algorithm, 'rsa-sha256');
});
