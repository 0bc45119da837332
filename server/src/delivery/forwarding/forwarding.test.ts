import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { test } from 'node:test';
import type { AccountId } from '#core/ids.ts';
import { addAccount } from '#directory/accounts.ts';
import { all, sql } from '#store/sql.ts';
import { PLAIN, signedIn } from '../../../test/support/deliver.ts';
import { addTo, deliver, forward, MESSAGE, openForwardHouse, queued, trail } from '../../../test/support/forward-house.ts';

test('what is forwarded keeps a copy here and leaves under a sender of ours, octet for octet behind its trace fields', async () => {
  await using house = await openForwardHouse();
  await forward(house, 'jan', 'jan@gmail.example');
  const { id } = await deliver(house, { to: ['jan+bills@capri.example', 'anna@capri.example'] });
  const [copy = ''] = await house.inbox(house.accounts.jan);
  const [message, ...others] = await queued(house);
  deepEqual(others, []);
  match(message?.sender ?? '', /^SRS0=[a-z2-7]{16,20}=[a-z2-7]{2}=outside\.example=ann@capri\.example$/);
  equal(
    message?.text,
    `Delivered-To: jan+bills@capri.example\r\nX-Forwarded-For: jan+bills@capri.example jan@gmail.example\r\n${copy.slice(copy.indexOf('Received:'))}`,
  );
  ok(message?.text.endsWith(MESSAGE));
  // The sender's mail has arrived here: what becomes of the forward is not the sender's concern.
  deepEqual(message?.recipients, [{ localPart: 'jan', domain: 'gmail.example', notify: ['NEVER'], originalRecipient: undefined }]);
  const steps = (await trail(house, id)).filter(({ event }) => event === 'forwarded');
  deepEqual(
    steps.map(({ recipients, details }) => [recipients, details]),
    [
      [
        [{ address: 'jan+bills@capri.example', account: house.accounts.jan, email: undefined }],
        { to: 'jan@gmail.example', id: message?.queueId, sender: message?.sender },
      ],
    ],
  );
});

test('without a copy nothing stays here, and the notices that the sender asked for go along', async () => {
  await using house = await openForwardHouse();
  await forward(house, 'jan', 'jan@gmail.example', { keepsCopy: false });
  await deliver(house, {});
  deepEqual(await house.inbox(house.accounts.jan), []);
  const peer = await signedIn(house, 'anna');
  const asked = { notify: ['SUCCESS', 'FAILURE'], originalRecipient: 'rfc822;jan+40home' };
  await deliver(house, {
    peer,
    from: 'anna@capri.example',
    message: 'From: anna@capri.example\r\n\r\n',
    recipientParameters: asked,
    parameters: { ...PLAIN, ret: 'HDRS', envelopeId: 'e1' },
  });
  const [first, second] = await queued(house);
  deepEqual(first?.recipients, [{ localPart: 'jan', domain: 'gmail.example', notify: undefined, originalRecipient: 'rfc822;jan@capri.example' }]);
  deepEqual(second?.recipients, [{ localPart: 'jan', domain: 'gmail.example', ...asked }]);
  // Our own domain's SPF names us already, and its bounces are ours.
  deepEqual([second?.sender, second?.ret, second?.envelopeId, second?.account], ['anna@capri.example', 'HDRS', 'e1', house.accounts.anna]);
  // It is not delivered yet: no notice says so.
  deepEqual(await house.inbox(house.accounts.anna), []);
});

test('of several targets without a copy the sender hears that the message was expanded, and no more successes', async () => {
  await using house = await openForwardHouse();
  await forward(house, 'jan', 'jan@gmail.example', { keepsCopy: false });
  await forward(house, 'jan', 'jan@work.example', { keepsCopy: false });
  const peer = await signedIn(house, 'anna');
  const asked = { notify: ['SUCCESS'], originalRecipient: undefined };
  await deliver(house, { peer, from: 'anna@capri.example', message: 'From: anna@capri.example\r\n\r\n', recipientParameters: asked });
  deepEqual((await queued(house)).map(({ recipients }) => recipients.map(({ domain, notify }) => `${domain} ${notify?.join()}`).join()).toSorted(), [
    'gmail.example NEVER',
    'work.example NEVER',
  ]);
  match((await house.inbox(house.accounts.anna))[0] ?? '', /^Action: expanded\r$/m);
});

test('a copy stays where one forward wants it, and where one of them could not pass the message on', async () => {
  await using house = await openForwardHouse();
  await forward(house, 'jan', 'jan@gmail.example', { keepsCopy: false });
  await forward(house, 'jan', 'jan@work.example');
  await deliver(house, {});
  equal((await house.inbox(house.accounts.jan)).length, 1);
  await forward(house, 'anna', 'nobody@capri.example', { keepsCopy: false });
  await deliver(house, { to: ['anna@capri.example'] });
  equal((await house.inbox(house.accounts.anna)).length, 1);
});

test('a forward of one address takes only the mail of that address', async () => {
  await using house = await openForwardHouse();
  await forward(house, 'jan', 'jan@gmail.example', { source: 'jan.kowalski@capri.example' });
  await deliver(house, { to: ['jan@capri.example'] });
  deepEqual(await queued(house), []);
  await deliver(house, { to: ['jan@capri.example', 'Jan.Kowalski+x@capri.example'] });
  equal((await queued(house)).length, 1);
  equal((await house.inbox(house.accounts.jan)).length, 2);
});

test('a forward that is not confirmed, and one whose account or address has gone, do nothing', async () => {
  await using house = await openForwardHouse();
  await forward(house, 'jan', 'jan@gmail.example', { isPending: true });
  await deliver(house, {});
  deepEqual(await queued(house), []);
});

test('a target here gets the message in its mailbox, and its own forwards follow; nobody gets it twice', async () => {
  await using house = await openForwardHouse();
  await forward(house, 'jan', 'anna+from-jan@capri.example', { keepsCopy: false });
  await forward(house, 'anna', 'anna@gmail.example');
  await forward(house, 'anna', 'jan@capri.example', { keepsCopy: false });
  await deliver(house, { to: ['jan@capri.example'] });
  deepEqual(await house.inbox(house.accounts.jan), []);
  const [copy = '', ...more] = await house.inbox(house.accounts.anna);
  deepEqual(more, []);
  match(copy, /^Return-Path: <ann@outside\.example>\r\nDelivered-To: anna\+from-jan@capri\.example\r\n/);
  const [message, ...others] = await queued(house);
  deepEqual(others, []);
  match(
    message?.text ?? '',
    /^Delivered-To: anna\+from-jan@capri\.example\r\nDelivered-To: jan@capri\.example\r\nX-Forwarded-For: anna\+from-jan@capri\.example anna@gmail\.example\r\nReceived/,
  );
  await deliver(house, { to: ['jan@capri.example', 'anna@capri.example'] });
  equal((await house.inbox(house.accounts.anna)).length + (await house.inbox(house.accounts.jan)).length, 2);
});

test('forwards in a circle lose nothing, whoever of it is written to', async () => {
  await using house = await openForwardHouse();
  await forward(house, 'jan', 'anna@capri.example', { keepsCopy: false });
  await forward(house, 'anna', 'admin@capri.example', { keepsCopy: false });
  await forward(house, 'admin', 'jan@capri.example', { keepsCopy: false });
  const copies = async (): Promise<number> =>
    (await Promise.all([house.accounts.jan, house.accounts.anna, house.accounts.admin].map((account) => house.inbox(account)))).flat().length;
  let expected = 0;
  for (const to of [['jan'], ['anna'], ['jan', 'anna'], ['admin', 'anna', 'jan']]) {
    await deliver(house, { to: to.map((login) => `${login}@capri.example`) });
    ok((await copies()) > expected, to.join());
    expected = await copies();
  }
});

test('a chain of forwards ends after ten steps, with the message in the mailbox there', async () => {
  await using house = await openForwardHouse();
  const accounts: AccountId[] = [];
  for (let n = 0; n < 14; n++) {
    accounts.push(await house.store.commit(addAccount, { login: `n${n}`, addresses: [`n${n}@capri.example`], passwordHash: '', nowMs: house.clock.nowMs() }));
  }
  for (let n = 0; n < 13; n++) await addTo(house, accounts[n] as AccountId, `n${n + 1}@capri.example`, { keepsCopy: false });
  await deliver(house, { to: ['n0@capri.example'] });
  const counts = await Promise.all(accounts.map(async (account) => (await house.inbox(account)).length));
  deepEqual(counts, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]);
});

test('what has been at the target already stays here: a circle over another server ends', async () => {
  await using house = await openForwardHouse();
  await forward(house, 'jan', 'jan@gmail.example', { keepsCopy: false });
  const { id } = await deliver(house, { message: `Delivered-To: Jan@gmail.example\r\n${MESSAGE}` });
  deepEqual(await queued(house), []);
  equal((await house.inbox(house.accounts.jan)).length, 1);
  deepEqual((await trail(house, id)).find(({ event }) => event === 'kept')?.details, { to: 'jan@gmail.example', reason: 'loop' });
});

test('the null reverse-path stays null', async () => {
  await using house = await openForwardHouse();
  await forward(house, 'jan', 'jan@gmail.example');
  await deliver(house, { from: undefined });
  equal((await queued(house))[0]?.sender, '');
});

test('an address beyond ASCII asks for SMTPUTF8 of the next server, and nothing else does', async () => {
  await using house = await openForwardHouse();
  await forward(house, 'jan', 'żółw@gmail.example');
  await forward(house, 'anna', 'anna@gmail.example');
  await deliver(house, { to: ['jan@capri.example'] });
  await deliver(house, { to: ['anna@capri.example'], message: 'Subject: za\xbf\r\n\r\n' });
  const rows = await house.store.query(
    all<{ readonly smtp_utf8: number }>(sql`SELECT smtp_utf8 FROM queue_message JOIN queue_recipient USING (queue_id) ORDER BY local_part`),
  );
  deepEqual(
    rows.map(({ smtp_utf8 }) => smtp_utf8),
    [0, 1],
  );
});
