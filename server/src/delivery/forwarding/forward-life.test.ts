import { deepEqual, equal, match, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { DomainError } from '#core/errors.ts';
import { removeAccount } from '#directory/accounts.ts';
import { removeAlias } from '#directory/addresses.ts';
import { forwardMark, type ForwardOutcome, noteForwardOutcome, untoldForwards } from '#directory/forward-outcomes.ts';
import type { Mutation } from '#store/mutation.ts';
import { deliver, forward, forwards, openForwardHouse, ownMail, queued } from '../../../test/support/forward-house.ts';
import { tellOfForwards } from './mails.ts';

test('a target here that has gone keeps the mail, and pauses its forward before long', async () => {
  await using house = await openForwardHouse();
  await forward(house, 'jan', 'nobody@capri.example', { keepsCopy: false });
  for (let n = 0; n < 4; n++) await deliver(house, {});
  equal((await house.inbox(house.accounts.jan)).length, 4);
  equal((await forwards(house))[0]?.state, 'paused');
  equal((await house.store.query(untoldForwards())).length, 1);
});

test('with an address or an account go its forwards', async () => {
  await using house = await openForwardHouse();
  await forward(house, 'jan', 'a@gmail.example', { source: 'jan.kowalski@capri.example' });
  await forward(house, 'jan', 'b@gmail.example');
  await house.store.commit(removeAlias, { address: 'jan.kowalski@capri.example', nowMs: house.clock.nowMs() });
  deepEqual(
    (await forwards(house)).map(({ target }) => target),
    ['b@gmail.example'],
  );
  await house.store.commit(removeAccount, { account: house.accounts.jan, nowMs: house.clock.nowMs() });
  deepEqual(await forwards(house), []);
});

test('a forward leads from the own addresses only, to others, and to not too many', async () => {
  await using house = await openForwardHouse();
  await rejects(forward(house, 'jan', 'x@gmail.example', { source: 'anna@capri.example' }), DomainError);
  await rejects(forward(house, 'jan', 'jan@capri.example'), DomainError);
  await rejects(forward(house, 'jan', 'jan@capri.example', { source: 'jan@capri.example' }), DomainError);
  for (const target of ['no address', 'x@', '@x.example', 'x y@z.example', 'x@[192.0.2.1]']) await rejects(forward(house, 'jan', target), DomainError, target);
  for (let n = 0; n < 20; n++) await forward(house, 'jan', `x${n}@gmail.example`);
  await rejects(forward(house, 'jan', 'x20@gmail.example'), DomainError);
  await forward(house, 'jan', 'X3@GMAIL.example', { keepsCopy: false });
  equal((await forwards(house)).length, 20);
});

test('a target that refuses mail after mail is paused, and the user told in the words of the other server', async () => {
  await using house = await openForwardHouse({ mutations: [outcome] });
  const active = await forward(house, 'jan', 'jan@gmail.example', { keepsCopy: false });
  const mark = forwardMark(active);
  const gone = {
    isDelivered: false,
    status: '5.1.1',
    host: 'gmail-smtp-in.l.google.com',
    reply: '550-5.1.1 The email account that you tried to reach does not exist.',
  };
  const note = (result: typeof gone): Promise<void> => house.store.commit(outcome, { mark, result, nowMs: house.clock.nowMs() });
  await note(gone);
  await note(gone);
  await note({ ...gone, isDelivered: true });
  await note(gone);
  await note(gone);
  equal((await forwards(house))[0]?.state, 'active');
  await note(gone);
  equal((await forwards(house))[0]?.state, 'paused');
  await deliver(house, {});
  deepEqual(await queued(house), []);
  equal(await tellOfForwards(ownMail(house)), 1);
  const [, notice = ''] = await house.inbox(house.accounts.jan);
  match(notice, /Subject: Forwarding to jan@gmail\.example is paused\r\n[^]*The email account that you tried to reach does not exist/);
});

const outcome = {
  name: 'test.outcome',
  program: function* (tx, { mark, result, nowMs }) {
    yield* noteForwardOutcome(tx, mark, result, nowMs);
  },
} satisfies Mutation<{ readonly mark: string; readonly result: ForwardOutcome; readonly nowMs: number }, void>;
