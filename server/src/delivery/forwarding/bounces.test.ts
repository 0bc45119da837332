/** What a target's server sends back later: it counts for the forward, once for each message, and goes on to the true sender as before. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { AccountId } from '#core/ids.ts';
import { forwardHash } from '#directory/forward-bounces.ts';
import { forwardMark, type ForwardOutcome, noteForwardOutcome } from '#directory/forward-outcomes.ts';
import { resumeForward } from '#directory/forwards.ts';
import type { Mutation } from '#store/mutation.ts';
import { stranger } from '../../../test/support/deliver.ts';
import { deliver, forward, forwards, openForwardHouse, ownMail, queued } from '../../../test/support/forward-house.ts';
import type { MailHouse } from '../../../test/support/mail-house.ts';
import { newForwardTag, readForwardTag } from './forward-tag.ts';
import { tellOfForwards } from './mails.ts';

const DAY_MS = 24 * 3600 * 1000;
const GONE = { status: '5.1.1', diagnostic: 'smtp; 550 5.1.1 no such mailbox' };
const FULL = { status: '5.0.0', diagnostic: 'smtp; 554 message looks like spam' };

test('a target whose server takes mail and sends it back is paused, and the user told in the words of the bounce', async () => {
  await using house = await openForwardHouse();
  await forward(house, 'jan', 'jan@gmail.example');
  for (let n = 0; n < 3; n++) {
    equal((await forwards(house))[0]?.state, 'active');
    const returned = await bounce(house, await forwarded(house), GONE);
    // The true sender gets it as ever.
    deepEqual(
      returned.map(({ sender, recipients }) => [sender, recipients.map(({ localPart, domain }) => `${localPart}@${domain}`)]),
      [['', ['ann@outside.example']]],
    );
  }
  const [paused] = await forwards(house);
  deepEqual([paused?.state, paused?.failures, paused?.lastHost, paused?.lastReply], ['paused', 3, 'store.gmail.example', '550 5.1.1 no such mailbox']);
  const waiting = (await queued(house)).length;
  await deliver(house, {});
  equal((await queued(house)).length, waiting, 'nothing is forwarded any more');
  equal(await tellOfForwards(ownMail(house)), 1);
  match(
    (await house.inbox(house.accounts.jan)).at(-1) ?? '',
    /Subject: Forwarding to jan@gmail\.example is paused\r\n[^]*3 messages were\r\nrefused, or came back/,
  );
  await house.store.commit(resumeForward, paused ?? { account: 0 as AccountId, source: '', targetKey: '' });
  await bounce(house, await forwarded(house), GONE);
  equal((await forwards(house))[0]?.state, 'active', 'it begins anew');
});

test('each message counts once, however often somebody sends its bounce', async () => {
  await using house = await openForwardHouse();
  await forward(house, 'jan', 'jan@gmail.example');
  const sender = await forwarded(house);
  for (let n = 0; n < 12; n++) await bounce(house, sender, GONE);
  equal((await forwards(house))[0]?.state, 'active');
});

test('only bounces of its own mail count for a forward, and of others only as many as pause it for what is in a message', async () => {
  await using house = await openForwardHouse();
  await forward(house, 'jan', 'jan@gmail.example');
  await forward(house, 'anna', 'anna@gmail.example');
  for (let n = 0; n < 9; n++) await bounce(house, await forwarded(house), FULL);
  equal((await forwards(house))[0]?.state, 'active');
  for (let n = 0; n < 3; n++) await bounce(house, await forwarded(house, 'anna@capri.example'), GONE);
  deepEqual([(await forwards(house))[0]?.state, (await forwards(house, house.accounts.anna))[0]?.state], ['active', 'paused']);
  await bounce(house, await forwarded(house), FULL);
  equal((await forwards(house))[0]?.state, 'paused');
});

test('a few that come back among many that stay pause nothing, and neither do those of weeks ago', async () => {
  await using house = await openForwardHouse({ mutations: [outcome] });
  const mark = forwardMark(await forward(house, 'jan', 'jan@gmail.example'));
  const taken = { isDelivered: true, status: '2.0.0', host: 'mx.gmail.example', reply: '250 OK' };
  for (let n = 0; n < 6; n++) {
    await bounce(house, await forwarded(house), GONE);
    for (let more = 0; more < 4; more++) await house.store.commit(outcome, { mark, result: taken, nowMs: house.clock.nowMs() });
  }
  equal((await forwards(house))[0]?.state, 'active');
  for (let n = 0; n < 6; n++) {
    house.clock.advance(4 * DAY_MS);
    await bounce(house, await forwarded(house), GONE);
  }
  equal((await forwards(house))[0]?.state, 'active');
  await bounce(house, await forwarded(house), GONE);
  equal((await forwards(house))[0]?.state, 'paused');
});

test('what is no failure counts nothing: a delay, a success, a vacation notice, mail with a sender, a part that is not there', async () => {
  await using house = await openForwardHouse();
  await forward(house, 'jan', 'jan@gmail.example');
  for (let n = 0; n < 4; n++) {
    const to = await forwarded(house);
    await bounce(house, to, { ...GONE, action: 'delayed' });
    await bounce(house, to, { ...GONE, action: 'delivered' });
    await bounce(house, to, { ...GONE, from: 'x@gmail.example' });
    await bounce(house, to, { ...GONE, type: 'multipart/mixed' });
    await deliver(house, { from: undefined, to: [to], message: 'From: x@gmail.example\r\nAuto-Submitted: auto-replied\r\n\r\nI am away\r\n' });
    const empty = 'Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n';
    await deliver(house, { from: undefined, to: [to], message: empty });
  }
  deepEqual(
    (await forwards(house)).map(({ state, lastReply }) => [state, lastReply]),
    [['active', undefined]],
  );
});

test('a mark says of which forward and message it is, in letters that survive any change of case; anything else is no mark', () => {
  const key = { account: 77 as AccountId, source: 'jan@capri.example', targetKey: 'jan@gmail.example' };
  const tag = newForwardTag(key);
  match(tag, /^[a-z2-7]{9}$/);
  const read = readForwardTag(tag);
  deepEqual([read?.account, read?.hash], [77, forwardHash(key)]);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 23 - 1 }), (account) => {
      equal(readForwardTag(newForwardTag({ ...key, account: account as AccountId }))?.account, account);
    }),
  );
  for (const text of ['', 'abcdefg', 'abcdefg!', 'abcdefgabcdef', 'ABCDEFGH']) equal(readForwardTag(text), undefined, text);
});

/** Sends mail through a forward, as its queue entry stands; the sender that it leaves under. */
async function forwarded(house: MailHouse, to: string = 'jan@capri.example'): Promise<string> {
  const before = new Set((await queued(house)).map(({ queueId }) => queueId));
  await deliver(house, { to: [to] });
  const [made] = (await queued(house)).filter(({ queueId }) => !before.has(queueId));
  ok(made);
  return made.sender;
}

interface Bounced {
  readonly status: string;
  readonly diagnostic: string;
  readonly action?: string;
  readonly from?: string;
  readonly type?: string;
}

/** What comes of it in the queue. */
async function bounce(
  house: MailHouse,
  to: string,
  { status, diagnostic, action = 'failed', from, type = 'multipart/report' }: Bounced,
): ReturnType<typeof queued> {
  const before = new Set((await queued(house)).map(({ queueId }) => queueId));
  const message = [
    'From: MAILER-DAEMON@gmail.example',
    `Content-Type: ${type}; report-type=delivery-status; boundary="b"`,
    '',
    '--b',
    'Content-Type: text/plain',
    '',
    'We are sorry.',
    '--b',
    'Content-Type: message/delivery-status',
    '',
    'Reporting-MTA: dns; mx.gmail.example',
    '',
    'Final-Recipient: rfc822; jan@gmail.example',
    `Action: ${action}`,
    `Status: ${status}`,
    'Remote-MTA: dns; store.gmail.example',
    `Diagnostic-Code: ${diagnostic}`,
    '',
    '--b--',
    '',
  ].join('\r\n');
  await deliver(house, { peer: { ...stranger, helo: 'mx.gmail.example' }, from, to: [to], message });
  return (await queued(house)).filter(({ queueId }) => !before.has(queueId));
}

const outcome = {
  name: 'test.outcome',
  program: function* (tx, { mark, result, nowMs }) {
    yield* noteForwardOutcome(tx, mark, result, nowMs);
  },
} satisfies Mutation<{ readonly mark: string; readonly result: ForwardOutcome; readonly nowMs: number }, void>;
