/** Limits and holds over the real way in, with a clock of their own: what is counted, what is refused, what is held, who is told. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { DomainError } from '#core/errors.ts';
import { newReceiptId } from '#core/receipt-id.ts';
import { updateAccount } from '#directory/accounts.ts';
import { recordSignIns } from '#directory/sign-in-record.ts';
import { holdAccount, readAccountHold } from '#queue/hold.ts';
import { complain, countOutcomes } from '#queue/limits/count-outcomes.ts';
import { setLimits } from '#queue/limits/account-limits.ts';
import { Allowances } from '#queue/limits/allowances.ts';
import { releaseAccountSending, releaseSending } from '#queue/limits/hold.ts';
import { DEFAULT_SENDING_LIMITS, HOUR_MS, type SendingLimits } from '#queue/limits/settings.ts';
import { SLOT_MS } from '#queue/limits/slots.ts';
import { tendLimits } from '#queue/limits/tend.ts';
import { SendingWatch } from '#queue/limits/watch.ts';
import { QUEUE_MUTATIONS } from '#queue/mutations.ts';
import { addSuppression, listSuppressions } from '#queue/suppression.ts';
import { defineMutation, type Mutation } from '#store/mutation.ts';
import { all, sql } from '#store/sql.ts';
import { findOwnTrail } from '#trail/find.ts';
import type { TrailEvent } from '#trail/record.ts';
import { type MailHouse, openMailHouse } from '../../../test/support/mail-house.ts';
import { type Path, type Peer, Refusal } from '../delivery.ts';
import { openDelivery } from '../open-delivery.ts';

const DAY_MS = 24 * HOUR_MS;

test('any 60 minutes have so many recipients, here and elsewhere; the refusal says when it goes on, and then it does', async () => {
  await using house = await houseWith({ recipientsPerHour: 5 });
  await send(house, ['a@far.example', 'b@far.example', 'anna@capri.example', 'jan@capri.example']);
  const envelope = await house.delivery.begin(peer(house), path('jan@capri.example'), PLAIN);
  await envelope.recipient(path('c@far.example'), NO_PARAMETERS);
  await rejects(
    envelope.recipient(path('d@far.example'), NO_PARAMETERS),
    limited('Limit of 5 recipients an hour is reached; sending goes on at 2026-11-23 13:05 UTC'),
  );
  equal(envelope.recipientCount, 1, 'what was accepted stays so');
  house.clock.advance(HOUR_MS);
  await rejects(send(house, ['a@far.example', 'b@far.example']), limited(/13:05 UTC$/));
  house.clock.advance(SLOT_MS);
  await send(house, ['a@far.example', 'b@far.example', 'c@far.example', 'd@far.example', 'e@far.example']);
  await rejects(send(house, ['f@far.example']), limited(/14:10 UTC$/));
});

test('around the full hour goes out no more than at any other time', async () => {
  await using house = await houseWith({ recipientsPerHour: 3 });
  house.clock.advance(HOUR_MS - 60_000);
  await send(house, ['a@far.example', 'b@far.example', 'c@far.example']);
  house.clock.advance(2 * 60_000);
  await rejects(send(house, ['a@far.example']), limited(/goes on at 2026-11-23 14:00 UTC$/));
});

test('a day is the last 24 hours', async () => {
  await using house = await houseWith({ recipientsPerHour: 3, recipientsPerDay: 5 });
  await send(house, ['a@far.example', 'b@far.example']);
  house.clock.advance(2 * HOUR_MS);
  await send(house, ['a@far.example', 'b@far.example', 'c@far.example']);
  house.clock.advance(2 * HOUR_MS);
  await rejects(send(house, ['a@far.example']), limited('Limit of 5 recipients in 24 hours is reached; sending goes on at 2026-11-24 12:05 UTC'));
  house.clock.advance(20 * HOUR_MS + SLOT_MS);
  await send(house, ['a@far.example', 'b@far.example']);
  await rejects(send(house, ['a@far.example']), limited(/goes on at 2026-11-24 14:05 UTC$/));
});

test('an account has limits of its own, and none where that is 0', async () => {
  await using house = await houseWith({ recipientsPerHour: 1 });
  await send(house, ['a@far.example']);
  await house.store.commit(setLimits, { account: house.accounts.jan, recipientsPerHour: 2 });
  await send(house, ['a@far.example']);
  await rejects(send(house, ['a@far.example']), limited(/^Limit of 2 /));
  await house.store.commit(setLimits, { account: house.accounts.jan, recipientsPerHour: 0 });
  for (let n = 0; n < 5; n++) await send(house, ['a@far.example']);
  await house.store.commit(setLimits, { account: house.accounts.jan, recipientsPerHour: null });
  await rejects(send(house, ['a@far.example']), limited(/^Limit of 1 /));
  await rejects(house.store.commit(setLimits, { account: house.accounts.jan, recipientsPerDay: -1 }), DomainError);
});

test('however many send at once, the limit is exceeded by one message at most; the others are told when it goes on', async () => {
  await using house = await houseWith({ recipientsPerHour: 10 });
  // Several threads: each with a memory of its own, none of which knows of the others.
  const threads = Array.from({ length: 6 }, () => openDelivery(house.services));
  const sinks = await Promise.all(
    threads.map(async (delivery, n) => {
      const envelope = await delivery.begin(peer(house), path('jan@capri.example'), PLAIN);
      for (let m = 0; m < 4; m++) await envelope.recipient(path(`${n}.${m}@far.example`), NO_PARAMETERS);
      const sink = envelope.open();
      await sink.write(MESSAGE);
      return sink;
    }),
  );
  const results = await Promise.allSettled(sinks.map((sink) => sink.finish()));
  deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'rejected', 'rejected'],
  );
  for (const result of results) {
    if (result.status === 'rejected') ok(result.reason instanceof DomainError && result.reason.code === 'sending-limited' && result.reason.temporary);
  }
  deepEqual(await counts(house), [{ recipients: 12, new_recipients: 12 }], 'what was refused is not counted');
});

test('what is known of an account stays known while others send, and is asked for again when a limit changes', async () => {
  await using house = await houseWith({});
  let asked = 0;
  const query: typeof house.store.query = (program) => {
    asked++;
    return house.store.query(program);
  };
  const allowances = new Allowances({ query, onNotify: (topic, listener) => house.store.onNotify(topic, listener) }, house.clock, DEFAULT_SENDING_LIMITS);
  await allowances.of(house.accounts.anna, 1);
  await send(house, strangers(0, 30));
  equal(await suspects(house), 1, 'that many are looked at');
  await allowances.of(house.accounts.anna, 1);
  equal(asked, 1);
  await house.store.commit(setLimits, { account: house.accounts.jan, recipientsPerHour: 2 });
  await allowances.of(house.accounts.anna, 1);
  equal(asked, 2);
});

test('a flood from a new network to strangers is held: what waits, and what comes; both are told once, and the release sends all', async () => {
  await using house = await houseWith({});
  await house.store.commit(updateAccount, { account: house.accounts.jan, language: 'pl' });
  await signIns(house, [
    ['192.0.2.0/24', house.clock.nowMs() - 10 * DAY_MS],
    ['198.51.100.0/24', house.clock.nowMs() - HOUR_MS],
  ]);
  for (let n = 0; n < 12; n++) await send(house, strangers(n * 10, 10));
  {
    await using _watch = watch(house);
    await until(async () => (await states(house))['held'] === 120);
    await send(house, strangers(200, 3));
    equal((await states(house))['held'], 123, 'what comes in is accepted and held');
    for (let n = 30; n < 40; n++) await send(house, strangers(n * 10, 10));
  }
  const hold = await house.store.query(readAccountHold(house.accounts.jan));
  equal(hold?.actor, 'limits');
  match(hold?.reason ?? '', /^unusual sending: signed in from 1 new network within a day; 1\d\d recipients that were never written to before; /);

  const [mine, ...others] = await house.inbox(house.accounts.jan);
  deepEqual(others, []);
  match(mine ?? '', /Return-Path: <>\r\nDelivered-To: jan@capri\.example\r\n/);
  match(mine ?? '', /^Auto-Submitted: auto-generated\r$/m);
  match(mine ?? '', /^Subject: =\?utf-8\?/im, 'in the language of the account');
  match(mine ?? '', /Zmie=C5=84 has=C5=82o/);
  const [told, ...more] = await house.inbox(house.accounts.admin);
  deepEqual(more, []);
  match(told ?? '', /^Subject: Sending from jan is on hold\r$/m);
  match(told ?? '', / {4}capri account release jan\r\n/);

  const { jan } = house.accounts;
  const released = await releaseAccountSending(house.store, { account: jan, actor: 'administrator', id: newReceiptId(), nowMs: house.clock.nowMs() });
  deepEqual(released, { wasHeld: true, recipients: 223 });
  deepEqual(await states(house), { waiting: 223 });
  const events = (await findOwnTrail(house.store, jan, { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER, limit: 1000 })).filter(
    ({ recipients }) => recipients.length === 0,
  );
  deepEqual(
    events.map(({ event, details }) => [event, details['actor']]),
    [
      ['held', 'limits'],
      ['released', 'administrator'],
    ],
  );

  // The administrator has vouched for it: more of the same is no new event for a day.
  {
    await using _watch = watch(house);
    for (let n = 50; n < 60; n++) await send(house, strangers(n * 10, 10));
    await until(async () => (await suspects(house)) === 0);
  }
  deepEqual(await states(house), { waiting: 323 });
  equal((await house.inbox(jan)).length, 1);
});

test('many refusals by other servers lead to a hold; what was given up for time does not', async () => {
  await using house = await houseWith({});
  await using _watch = watch(house);
  await send(house, strangers(0, 90));
  await outcomes(house, 'bounced', 70, '4.4.7');
  await until(async () => (await suspects(house)) === 0);
  deepEqual(await states(house), { waiting: 90 });
  await outcomes(house, 'delivered', 40, '2.0.0');
  for (let n = 0; n < 12; n++) await outcomes(house, 'bounced', 5, '5.1.1');
  await until(async () => (await states(house))['held'] === 90);
  match((await house.store.query(readAccountHold(house.accounts.jan)))?.reason ?? '', /60 of 100 recipients refused by other servers/);
});

test('complaints are counted to the account, and nine are enough', async () => {
  await using house = await houseWith({});
  await using _watch = watch(house);
  const { jan } = house.accounts;
  for (let n = 0; n < 9; n++) await house.store.commit(complain, { account: jan, nowMs: house.clock.nowMs() });
  await until(async () => (await house.store.query(readAccountHold(jan))) !== undefined);
  match((await house.inbox(jan))[0] ?? '', /9 complaints of spam within a day/);
});

test("the administrator's own account is told of once", async () => {
  await using house = await houseWith({});
  await using _watch = watch(house);
  const { admin } = house.accounts;
  for (let n = 0; n < 9; n++) await house.store.commit(complain, { account: admin, nowMs: house.clock.nowMs() });
  await until(async () => (await house.inbox(admin)).length > 0);
  const [only, ...others] = await house.inbox(admin);
  deepEqual(others, []);
  match(only ?? '', /This is your own account\./);
});

test('with on_hold = "refuse" an account on hold is refused for good, and can be read in the reply', async () => {
  await using house = await houseWith({ onHold: 'refuse' });
  await using _watch = watch(house);
  const { jan } = house.accounts;
  for (let n = 0; n < 9; n++) await house.store.commit(complain, { account: jan, nowMs: house.clock.nowMs() });
  await until(async () => (await house.store.query(readAccountHold(jan))) !== undefined);
  await rejects(
    house.delivery.begin(peer(house), path('jan@capri.example'), PLAIN),
    (error) => error instanceof Refusal && error.code === 550 && error.enhanced === '5.7.1' && /on hold/.test(error.message),
  );
});

test('a hold that was set when the server died is spread to what waits at the next start, and a release goes on', async () => {
  await using house = await houseWith({});
  const { jan } = house.accounts;
  await send(house, strangers(0, 5));
  await house.store.commit(holdAccount, { account: jan, reason: 'x', actor: 'limits', heldAtMs: house.clock.nowMs() });
  {
    await using _watch = watch(house);
    await until(async () => (await states(house))['held'] === 5);
  }
  await house.store.commit(releaseSending, { account: jan, actor: 'administrator', id: newReceiptId(), nowMs: house.clock.nowMs() });
  deepEqual(await states(house), { held: 5 });
  await using _watch = watch(house);
  await until(async () => (await states(house))['waiting'] === 5);
});

test('hold and suppressions of an account that is gone go too; those of others stay', async () => {
  await using house = await houseWith({});
  const gone = 999 as typeof house.accounts.jan;
  for (const account of [house.accounts.jan, gone]) {
    await house.store.commit(holdAccount, { account, reason: 'x', actor: 'administrator', heldAtMs: 0 });
    await house.store.commit(addSuppression, { ...SUPPRESSION, account });
  }
  await house.store.commit(addSuppression, { ...SUPPRESSION, account: undefined });
  await tendLimits(house.store, house.clock);
  ok((await house.store.query(readAccountHold(house.accounts.jan))) !== undefined);
  equal(await house.store.query(readAccountHold(gone)), undefined);
  const { suppressions } = await house.store.query(listSuppressions(undefined, 10));
  deepEqual(
    suppressions.map(({ account }) => account),
    [undefined, house.accounts.jan],
  );
});

const SUPPRESSION = { address: 'gone@far.example', reason: 'administrator', detail: '', createdAtMs: 0, expiresAtMs: undefined } as const;

test('old counts go, and what is left of an account that is gone', async () => {
  await using house = await houseWith({});
  await send(house, ['a@far.example']);
  house.clock.advance(15 * DAY_MS);
  await send(house, ['a@far.example']);
  deepEqual(await counts(house), [{ recipients: 1, new_recipients: 0 }], 'the first message of an hour takes the old ones away');
  house.clock.advance(15 * DAY_MS);
  await tendLimits(house.store, house.clock);
  deepEqual(await counts(house), []);
  equal((await house.store.query(all(sql`SELECT place FROM sending_known`))).length, 1);
});

const PLAIN = { sizeBytes: undefined, body: '7BIT', smtpUtf8: false, ret: undefined, envelopeId: undefined } as const;
const NO_PARAMETERS = { notify: undefined, originalRecipient: undefined };
const MESSAGE = Buffer.from('From: jan@capri.example\r\nSubject: x\r\n\r\n');

interface Settled {
  readonly trail: readonly TrailEvent[];
  readonly nowMs: number;
}

/** The counting part of the queue's own mutation. */
const settled: Mutation<Settled, void> = defineMutation('test.settled', function* (tx, { trail, nowMs }: Settled) {
  yield* countOutcomes(tx, trail, nowMs);
});

function houseWith(sending: Partial<SendingLimits>): Promise<MailHouse> {
  return openMailHouse({ mutations: [...QUEUE_MUTATIONS, settled], settings: { sending: { ...DEFAULT_SENDING_LIMITS, ...sending } } });
}

function watch(house: MailHouse): SendingWatch {
  const { store, clock, log, services } = house;
  return new SendingWatch({ store, clock, log, limits: services.settings.sending, domain: 'capri.example', paceMs: 1 });
}

function peer({ accounts }: MailHouse): Peer {
  const identity = { account: accounts.jan, login: 'jan', name: 'Jan', isAdmin: false, language: '' };
  return { connectionId: 'c', address: '198.51.100.9', helo: 'pc', protocol: 'ESMTPSA', tls: { version: 'TLSv1.3', cipher: 'x' }, identity };
}

async function send(house: MailHouse, to: readonly string[]): Promise<void> {
  const envelope = await house.delivery.begin(peer(house), path('jan@capri.example'), PLAIN);
  for (const recipient of to) await envelope.recipient(path(recipient), NO_PARAMETERS);
  const sink = envelope.open();
  await sink.write(MESSAGE);
  await sink.finish();
}

function strangers(first: number, count: number): readonly string[] {
  return Array.from({ length: count }, (_, n) => `stranger${first + n}@far.example`);
}

async function signIns(house: MailHouse, networks: ReadonlyArray<readonly [network: string, atMs: number]>): Promise<void> {
  const one = { account: house.accounts.jan, address: '192.0.2.1', listener: 'imaps', outcome: 'accepted', count: 1 } as const;
  await house.store.commit(recordSignIns, { entries: networks.map(([network, atMs]) => ({ ...one, network, firstAtMs: atMs, lastAtMs: atMs })) });
}

/** What the queue would write after attempts. */
async function outcomes(house: MailHouse, event: 'delivered' | 'bounced', count: number, status: string): Promise<void> {
  const nowMs = house.clock.nowMs();
  const recipients = Array.from({ length: count }, (_, n) => ({ address: `${n}@far.example` }));
  const trail: readonly TrailEvent[] = [
    { event, atMs: nowMs, queueId: 'q', by: house.accounts.jan, sender: 'jan@capri.example', recipients, details: { status } },
  ];
  await house.store.commit(settled, { trail, nowMs });
}

async function states(house: MailHouse): Promise<Readonly<Record<string, number>>> {
  const found = await house.store.query(
    all<{ state: string; n: number }>(sql`SELECT CASE WHEN held = 1 THEN 'held' ELSE 'waiting' END AS state, count(*) AS n FROM queue_recipient GROUP BY 1`),
  );
  return Object.fromEntries(found.map(({ state, n }) => [state, n]));
}

async function counts(house: MailHouse): Promise<readonly unknown[]> {
  return await house.store.query(all(sql`SELECT recipients, new_recipients FROM sending_hour ORDER BY account, hour`));
}

async function suspects(house: MailHouse): Promise<number> {
  return (await house.store.query(all(sql`SELECT account FROM sending_suspect`))).length;
}

function path(text: string): Path {
  const at = text.lastIndexOf('@');
  return { localPart: text.slice(0, at), domain: text.slice(at + 1) };
}

function limited(text: string | RegExp): (error: unknown) => boolean {
  return (error) => {
    ok(error instanceof Refusal);
    deepEqual([error.code, error.enhanced], [452, '4.7.0']);
    if (typeof text === 'string') equal(error.message, text);
    else match(error.message, text);
    return true;
  };
}

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 2000; tries++) {
    if (await isTrue()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  ok(false, 'it did not happen in time');
}
