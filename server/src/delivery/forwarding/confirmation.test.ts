import { deepEqual, equal, match, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { addAccount } from '#directory/accounts.ts';
import { addForward } from '#directory/forwards.ts';
import { refusal } from '../../../test/support/deliver.ts';
import { deliver, forward, forwards, openForwardHouse, ownMail, queued, trail } from '../../../test/support/forward-house.ts';
import { confirmationLocalPart } from './confirmation-address.ts';
import { askForConfirmation } from './mails.ts';

test('a target agrees by answering: once, in time, and not by machine', async () => {
  await using house = await openForwardHouse();
  const pending = await forward(house, 'jan', 'jan@gmail.example', { isPending: true });
  await house.store.commit(addForward, {
    account: pending.account,
    source: '',
    target: pending.target,
    keepsCopy: true,
    code: { text: CODE, untilMs: house.clock.nowMs() + 1000 },
    nowMs: house.clock.nowMs(),
  });
  const untilMs = Date.UTC(2026, 11, 1);
  equal(await askForConfirmation(ownMail(house), { forward: pending, code: CODE, untilMs }), 'delivered');
  const [question] = await queued(house);
  match(question?.text ?? '', new RegExp(`^From: Capri <forward-confirm\\+${CODE}@capri\\.example>\\r\\nTo: jan@gmail\\.example\\r\\n`));
  equal(question?.sender, '');
  const answer = {
    from: 'jan@gmail.example',
    to: [`${confirmationLocalPart(CODE).toUpperCase()}@capri.example`],
    message: 'From: jan@gmail.example\r\nSubject: Re: yes\r\n\r\n',
  };
  await rejects(deliver(house, { ...answer, from: undefined }), refusal(550, '5.7.1'));
  await rejects(deliver(house, { ...answer, message: `Auto-Submitted: auto-replied\r\n${answer.message}` }), refusal(550, '5.7.1'));
  await rejects(deliver(house, { ...answer, to: [`${confirmationLocalPart('a'.repeat(16))}@capri.example`] }), refusal(550, '5.1.1'));
  equal((await forwards(house))[0]?.state, 'pending');
  const { id } = await deliver(house, answer);
  equal((await forwards(house))[0]?.state, 'active');
  deepEqual(
    (await trail(house, id)).map(({ event }) => event),
    ['received', 'confirmed'],
  );
  await rejects(deliver(house, answer), refusal(550, '5.1.1'));
  await deliver(house, {});
  equal((await queued(house)).length, 2);
});

test('a code is good for its time only', async () => {
  await using house = await openForwardHouse();
  await house.store.commit(addForward, {
    account: house.accounts.jan,
    source: '',
    target: 'jan@gmail.example',
    keepsCopy: true,
    code: { text: CODE, untilMs: house.clock.nowMs() + 1000 },
    nowMs: house.clock.nowMs(),
  });
  house.clock.advance(1000);
  await rejects(deliver(house, { to: [`${confirmationLocalPart(CODE)}@capri.example`] }), refusal(550, '5.1.1'));
});

test('a target that is here is asked in its own language', async () => {
  await using house = await openForwardHouse();
  const pl = await house.store.commit(addAccount, {
    login: 'ola',
    language: 'pl',
    addresses: ['ola@capri.example'],
    passwordHash: '',
    nowMs: house.clock.nowMs(),
  });
  const pending = await forward(house, 'jan', 'ola@capri.example', { isPending: true });
  await askForConfirmation(ownMail(house), { forward: pending, code: CODE, untilMs: house.clock.nowMs() });
  match((await house.inbox(pl))[0] ?? '', /Je=C5=9Bli si=C4=99 na to zgadzasz|Jeśli się na to zgadzasz/);
});

const CODE = 'abcdefgh234567ab';
