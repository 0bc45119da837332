import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DomainError } from '#core/errors.ts';
import { setState, updateAccount } from '#directory/accounts.ts';
import { setPassword } from '#directory/credentials.ts';
import { addForward, forwardsOf } from '#directory/forwards.ts';
import { holdAccount } from '#queue/hold.ts';
import { readSent } from '#queue/limits/allowance.ts';
import { DEFAULT_SENDING_LIMITS } from '#queue/limits/settings.ts';
import { QUEUE_MUTATIONS } from '#queue/mutations.ts';
import { all, type Program, sql } from '#store/sql.ts';
import { deliver, signedIn } from '../../test/support/deliver.ts';
import { type MailHouse, openMailHouse } from '../../test/support/mail-house.ts';
import { ADMINISTRATOR, type Caller } from './caller.ts';
import type { AdminServices } from './operation.ts';
import { OPERATIONS } from './operations.ts';
import type { ShownForward } from './shown-forward.ts';
import type { ShownPage } from './queue-page.ts';

/** What only anna may know: where her mail goes on to, whom she writes to, who writes to her. */
const SECRETS = ['anna-secret@gmail.example', 'doctor@clinic.example', 'lover@far.example', 'anna-letter'];

test('no user sees or changes anything of another, whatever the input of whichever operation', async () => {
  await using house = await openHouse();
  const jan = await callerOf(house, 'jan');
  const words = await namesIn(house);
  const others = await othersOf(house);
  const names = [...OPERATIONS.values()].filter(({ permission }) => permission === 'user').map(({ name }) => name);
  deepEqual(names.toSorted(), [
    'own.forward.add',
    'own.forward.confirm',
    'own.forward.list',
    'own.forward.remove',
    'own.forward.resume',
    'own.passwd',
    'own.queue.list',
    'own.trail',
  ]);
  let answered = 0;
  const fields = fc.record(
    {
      ...Object.fromEntries(['source', 'target', 'key', 'code', 'after', 'login', 'account', 'as'].map((field) => [field, fc.constantFrom(...words)])),
      limit: fc.integer({ min: 1, max: 200 }),
      keepsCopy: fc.boolean(),
      isConfirmed: fc.boolean(),
    },
    { requiredKeys: [] },
  );
  // The password stays, or jan would have to sign in again.
  const call = fc.constantFrom(...names.filter((name) => name !== 'own.passwd'));
  await fc.assert(
    fc.asyncProperty(call, fields, fc.boolean(), async (name, input, isStrict) => {
      const known = isStrict ? onlyKnown(name, input) : input;
      const output = await outcomeOf(house, name, jan, known);
      if (output === undefined) return;
      answered++;
      for (const secret of SECRETS) ok(!JSON.stringify(output).includes(secret), `${name} ${JSON.stringify(known)}: ${JSON.stringify(output)}`);
    }),
    { numRuns: 400 },
  );
  ok(answered > 50, `${answered} answers`);
  deepEqual(await othersOf(house), others);
});

test('a user may do nothing of the administrator, with any input', async () => {
  await using house = await openHouse();
  const jan = await callerOf(house, 'jan');
  const before = await house.store.query(everything());
  for (const { name, permission } of OPERATIONS.values()) {
    if (permission !== 'admin') continue;
    for (const input of [{}, { login: 'jan' }, { login: 'anna', password: 'x' }, { key: 'Q', as: 'jan' }, { source: 'jan', target: 'x@y.example' }, undefined])
      await rejects(run(house, name, jan, input), { code: 'not-permitted' }, name);
  }
  deepEqual(await house.store.query(everything()), before);
});

test('an account has the rights of an administrator for as long as it is one', async () => {
  await using house = await openHouse();
  const admin = await callerOf(house, 'admin');
  ok(Array.isArray(await run(house, 'account.list', admin, {})));
  await run(house, 'account.set', ADMINISTRATOR, { login: 'anna', isAdmin: true });
  await house.store.commit(updateAccount, { account: house.accounts.admin, isAdmin: false });
  await rejects(run(house, 'account.list', admin, {}), { code: 'not-permitted' });
});

test('the administrator without an account of its own has nothing that is its own', async () => {
  await using house = await openHouse();
  for (const { name, permission } of OPERATIONS.values())
    if (permission === 'user') await rejects(run(house, name, ADMINISTRATOR, {}), { code: 'not-permitted', message: /sign in first/ });
});

test('a sign-in ends with the password that it was made with, and with the account', async () => {
  await using house = await openHouse();
  const before = await callerOf(house, 'jan');
  const made = (await run(house, 'own.passwd', before, {})) as { readonly login: string; readonly password: string };
  equal(made.login, 'jan');
  await rejects(run(house, 'own.trail', before, {}), { code: 'sign-in-refused' });
  const after = await callerOf(house, 'jan', made.password);
  ok(await run(house, 'own.forward.list', after, {}));
  await rejects(run(house, 'own.passwd', after, { password: '' }), { code: 'password-invalid' });
  await house.store.commit(setState, { account: house.accounts.jan, state: 'disabled' });
  await rejects(run(house, 'own.forward.list', after, {}), { code: 'sign-in-refused' });
  const anna = await callerOf(house, 'anna');
  await house.store.commit(setPassword, { account: house.accounts.anna, passwordHash: 'x' });
  await rejects(run(house, 'own.queue.list', anna, {}), { code: 'sign-in-refused' });
});

test('a password that changes while the owner is choosing another one stays', async () => {
  await using house = await openHouse();
  const jan = await callerOf(house, 'jan');
  const both = await Promise.allSettled([run(house, 'own.passwd', jan, { password: 'one word' }), run(house, 'own.passwd', jan, { password: 'other word' })]);
  deepEqual(both.map((each) => (each.status === 'rejected' ? String((each.reason as DomainError).code) : 'changed')).toSorted(), [
    'changed',
    'sign-in-refused',
  ]);
});

test('a user forwards own mail after the target has agreed, and never without being asked', async () => {
  await using house = await openHouse();
  const jan = await callerOf(house, 'jan');
  const begin = (input: object): Promise<unknown> => run(house, 'own.forward.add', jan, input);
  const made = (await begin({ source: 'Jan.Kowalski@Capri.example', target: 'new@work.example' })) as ShownForward;
  deepEqual([made.login, made.address, made.state], ['jan', 'jan.kowalski@capri.example', 'pending']);
  await rejects(begin({ target: 'new@work.example', isConfirmed: true }), { code: 'bad-request' });
  const [question] = await house.store.query(
    all<{ readonly blob: number; readonly size: number }>(sql`SELECT blob, body_size AS size FROM queue_message WHERE sender = '' ORDER BY queue_id DESC`),
  );
  const text = Buffer.from(await house.store.readBlob(question?.blob as never, 0, question?.size ?? 0)).toString();
  const code = /forward-confirm\+([a-z2-7]{16})@/.exec(text)?.[1] ?? '';
  const anna = await callerOf(house, 'anna');
  await rejects(run(house, 'own.forward.confirm', anna, { target: 'new@work.example', code }), { code: 'address-not-found' });
  const confirmed = (await run(house, 'own.forward.confirm', jan, { source: 'jan.kowalski@capri.example', target: 'new@work.example', code })) as ShownForward;
  equal(confirmed.state, 'active');
  for (const source of ['anna', 'anna@capri.example', 'nobody@capri.example', 'x@elsewhere.example', 'nobody'])
    await rejects(begin({ source, target: 'x@y.example' }), { code: 'address-not-found', message: `${source} is not an address of this account` });
  await run(house, 'own.forward.remove', jan, { source: 'jan.kowalski@capri.example', target: 'new@work.example' });
  deepEqual(
    ((await run(house, 'own.forward.list', jan, {})) as readonly ShownForward[]).map(({ target }) => target),
    ['jan@gmail.example'],
  );
});

test('asking a target counts as a mail of the account: nobody writes to the world by making forwards', async () => {
  await using house = await openHouse();
  const { store, clock, accounts } = house;
  const jan = await callerOf(house, 'jan');
  const { inHour } = await store.query(readSent(accounts.jan, clock.nowMs()));
  await run(house, 'own.forward.add', jan, { target: 'one@work.example' });
  equal((await store.query(readSent(accounts.jan, clock.nowMs()))).inHour, inHour + 1);
  const asked = async (target: string, recipientsPerHour: number): Promise<unknown> => {
    const services = { ...servicesOf(house), sending: { ...DEFAULT_SENDING_LIMITS, recipientsPerHour } };
    return await OPERATIONS.get('own.forward.add')?.call(services, jan, { target });
  };
  await rejects(asked('two@work.example', inHour + 1), { code: 'sending-limited', message: /^Limit of \d+ recipients an hour is reached/ });
  // What runs already is only changed: nobody is asked.
  await asked('jan@gmail.example', inHour + 1);
  await store.commit(holdAccount, { account: accounts.jan, reason: 'odd mail', actor: 'administrator', heldAtMs: clock.nowMs() });
  await rejects(run(house, 'own.forward.add', jan, { target: 'three@work.example' }), { code: 'sending-limited', message: 'the account is on hold: odd mail' });
  deepEqual(
    (await store.query(forwardsOf(accounts.jan))).map(({ targetKey }) => targetKey),
    ['jan@gmail.example', 'one@work.example'],
  );
});

test('users see their own mail that waits, and not where the forwards of others have sent it on to', async () => {
  await using house = await openHouse();
  const jan = await callerOf(house, 'jan');
  const { queued, next } = (await run(house, 'own.queue.list', jan, {})) as ShownPage;
  deepEqual([queued.map(({ recipients }) => recipients.map(({ address }) => address)), next], [[['friend@far.example']], null]);
  // The administrator sees all of it.
  const everybody = (await run(house, 'queue.list', ADMINISTRATOR, { account: 'jan' })) as ShownPage;
  deepEqual(everybody.queued.flatMap(({ recipients }) => recipients.map(({ address }) => address)).toSorted(), [
    'anna-secret@gmail.example',
    'friend@far.example',
  ]);
  match(JSON.stringify(await run(house, 'own.trail', jan, {})), /friend@far\.example/);
  // Whose forward it is sees what became of it.
  match(JSON.stringify(await run(house, 'own.trail', await callerOf(house, 'anna'), { key: '<j1@capri.example>' })), /"queued".*anna-secret/);
});

/** jan and anna: both forward, both have mail that waits, and what jan wrote to anna has been forwarded by her. */
async function openHouse(): Promise<MailHouse> {
  const house = await openMailHouse({ mutations: QUEUE_MUTATIONS });
  const { store, accounts } = house;
  const nowMs = house.clock.nowMs();
  for (const [account, target] of [
    [accounts.jan, 'jan@gmail.example'],
    [accounts.anna, 'anna-secret@gmail.example'],
  ] as const)
    await store.commit(addForward, { account, source: '', target, keepsCopy: true, code: undefined, nowMs });
  const jan = await signedIn(house, 'jan');
  const anna = await signedIn(house, 'anna');
  const letter = (from: string, id: string): string => `From: ${from}\r\nMessage-ID: <${id}@capri.example>\r\nSubject: x\r\n\r\ntext\r\n`;
  await deliver(house, { peer: jan, from: 'jan@capri.example', to: ['anna@capri.example', 'friend@far.example'], message: letter('jan@capri.example', 'j1') });
  await deliver(house, { peer: anna, from: 'anna@capri.example', to: ['doctor@clinic.example'], message: letter('anna@capri.example', 'anna-letter') });
  await deliver(house, { from: 'lover@far.example', to: ['anna@capri.example'], message: letter('lover@far.example', 'anna-letter.2') });
  // A blind copy.
  await deliver(house, { from: 'boss@far.example', to: ['anna@capri.example', 'jan@capri.example'], message: letter('boss@far.example', 'both') });
  return house;
}

function servicesOf({ store, clock, log }: MailHouse): AdminServices {
  return {
    store,
    clock,
    primaryDomain: 'capri.example',
    dataDirectory: '',
    site: { hostname: 'mail.capri.example', mailHostname: 'mx.capri.example', ports: new Map(), keepRetiredMs: 0 },
    sending: DEFAULT_SENDING_LIMITS,
    reports: { sendsDmarc: true, sendsTls: true, organization: 'Capri', sender: 'r@capri.example', contact: 'c@capri.example', hostname: 'mx.capri.example' },
    log,
    resolver: () => Promise.reject(new Error('nobody asks the DNS here')),
  };
}

async function run(house: MailHouse, name: string, caller: Caller, input: unknown): Promise<unknown> {
  const operation = OPERATIONS.get(name);
  ok(operation, name);
  return await operation.call(servicesOf(house), caller, input);
}

async function callerOf({ directory }: MailHouse, login: string, password?: string): Promise<Caller> {
  const context = { listener: 'control', remoteAddress: '127.0.0.1', connectionId: 't' } as const;
  return { kind: 'account', identity: await directory.signInWithPassword(login, password ?? 'secret-word', context) };
}

/** Undefined where it was refused. */
async function outcomeOf(house: MailHouse, name: string, caller: Caller, input: unknown): Promise<unknown> {
  try {
    return await run(house, name, caller, input);
  } catch (error) {
    ok(error instanceof DomainError, String(error));
    return undefined;
  }
}

const FIELDS: Readonly<Record<string, readonly string[]>> = {
  'own.forward.add': ['source', 'target', 'keepsCopy'],
  'own.forward.confirm': ['source', 'target', 'code'],
  'own.forward.list': [],
  'own.forward.remove': ['source', 'target'],
  'own.forward.resume': ['source', 'target'],
  'own.queue.list': ['after', 'limit'],
  'own.trail': ['key', 'limit'],
};

function onlyKnown(name: string, input: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(input).filter(([field]) => FIELDS[name]?.includes(field)));
}

/** Everything that can be named: logins, addresses, targets, ids of messages; but not what only anna may know, which an answer must not have from the question. */
async function namesIn({ store }: MailHouse): Promise<readonly string[]> {
  const ids = await store.query(all<{ readonly id: string }>(sql`SELECT queue_id AS id FROM queue_message`));
  const names = ['jan', 'anna', 'admin', 'JAN', '', '1', '3', "' OR 1=1 --", '<j1@capri.example>', '<both@capri.example>'];
  const addresses = ['jan', 'jan.kowalski', 'anna', 'jan+x'].map((localPart) => `${localPart}@capri.example`);
  return [...names, ...addresses, 'friend@far.example', 'jan@gmail.example', ...ids.map(({ id }) => id)];
}

/** What others than jan have, but for their mailboxes: jan may write to them. */
async function othersOf({ store, accounts }: MailHouse): Promise<unknown> {
  return await store.query(rowsOfOthers(accounts.jan));
}

function* rowsOfOthers(jan: number): Program<unknown> {
  return [
    yield* all(sql`SELECT * FROM account WHERE account <> ${jan}`),
    yield* all(sql`SELECT * FROM address WHERE account <> ${jan}`),
    yield* all(sql`SELECT * FROM forward WHERE account <> ${jan}`),
    yield* all(sql`SELECT * FROM scram_key WHERE account <> ${jan}`),
    yield* all(sql`SELECT * FROM sending_hour WHERE account <> ${jan}`),
    yield* all(sql`SELECT * FROM queue_message WHERE account <> ${jan}`),
  ];
}

function* everything(): Program<unknown> {
  return [
    yield* all(sql`SELECT * FROM account`),
    yield* all(sql`SELECT * FROM domain`),
    yield* all(sql`SELECT * FROM address`),
    yield* all(sql`SELECT * FROM forward`),
    yield* all(sql`SELECT * FROM queue_message`),
    yield* all(sql`SELECT * FROM queue_recipient`),
    yield* all(sql`SELECT * FROM trail`),
  ];
}
