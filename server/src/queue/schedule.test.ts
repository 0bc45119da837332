import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { AccountId } from '#core/ids.ts';
import { openHouse, TEXT, until } from '../../test/support/queue-house.ts';
import { all, sql } from '#store/sql.ts';
import { startPeer, startScriptedPeer } from '../../test/support/smtp-peer.ts';
import { accountSlice, holdAccount, releaseAccount } from './hold.ts';
import { claim } from './leases.ts';
import { listQueued } from './list-queued.ts';
import { holdQueued } from './operate.ts';
import { readDue, readNextDue, readQueued } from './queue-rows.ts';
import { addSuppression, readSuppression } from './suppression.ts';

const HOUR_MS = 3600_000;

suite('the schedule', () => {
  test('takes what has the higher priority first, and within one what has waited longer', async () => {
    await using house = await openHouse({ isIdle: true });
    const ids: string[] = [];
    for (const priority of [0, -3, 9, undefined, 9]) {
      ids.push(await house.send({ to: ['a@one.test'], ...(priority !== undefined && { priority }) }));
      house.clock.advance(1000);
    }
    const due = await house.store.query(readDue(house.clock.nowMs(), 4));
    assert.deepEqual(
      due.map(({ message }) => ids.indexOf(message.queueId)),
      [2, 4, 0, 3],
    );
  });

  test('tells the next server the priority, and what is left of the time', async () => {
    const mails: string[] = [];
    await using peer = await startScriptedPeer(async (conversation) => {
      conversation.say('220 mx\r\n');
      await conversation.answer('250-mx\r\n250-DELIVERBY 30\r\n250 MT-PRIORITY\r\n');
      mails.push((await conversation.answer('250 ok\r\n')) ?? '');
      await conversation.answer('250 ok\r\n');
      await conversation.answer('354 go\r\n');
      await conversation.data();
      conversation.say('250 ok\r\n');
    });
    await using house = await openHouse({ routes: { 'one.test': peer.port } });
    await house.send({ to: ['a@one.test'], priority: 4, deliverBy: { atMs: house.clock.nowMs() + 120_500, mode: 'R', isTraced: true } });
    await house.settled();
    assert.deepEqual(mails, ['MAIL FROM:<jan@here.test> BY=120;RT MT-PRIORITY=4']);
    assert.match((await house.notices())[0] ?? '', /Action: relayed/, 'every hop is to be told of');
  });

  test('returns what cannot be there in time, and gives it to nobody who does not promise that', async () => {
    await using peer = await startPeer();
    await using house = await openHouse({ routes: { 'one.test': peer.port } });
    await house.send({ to: ['a@one.test'], deliverBy: { atMs: house.clock.nowMs() + 60_000, mode: 'R', isTraced: false } });
    await house.send({ to: ['b@one.test'], deliverBy: { atMs: house.clock.nowMs(), mode: 'R', isTraced: false } });
    await house.settled();
    assert.equal(peer.received.length, 0);
    const told = (await house.notices()).join();
    assert.match(told, /rfc822; a@one\.test\r\nAction: failed\r\nStatus: 5\.3\.3/);
    assert.match(told, /rfc822; b@one\.test\r\nAction: failed\r\nStatus: 5\.4\.7/);
  });

  test('tells when the time is over and goes on, in mode N; and that a server does not answer for it', async () => {
    let isBusy = true;
    await using peer = await startPeer({ recipient: () => (isBusy ? { code: 450, text: '4.2.0 busy' } : undefined) });
    await using house = await openHouse({ routes: { 'one.test': peer.port }, settings: { retryDelaysMs: [HOUR_MS] } });
    const queueId = await house.send({ to: ['a@one.test'], deliverBy: { atMs: house.clock.nowMs() + 60_000, mode: 'N', isTraced: false } });
    const first = await house.recipient(queueId, (row) => row.attempts === 1 && !row.isLeased);
    assert.equal((first.dueAtMs ?? 0) - house.clock.nowMs(), 60_000, 'it looks again when the time is over');
    house.clock.advance(60_000);
    await house.wake();
    await house.recipient(queueId, (row) => row.attempts === 2 && !row.isLeased);
    assert.match((await house.notices())[0] ?? '', /Action: delayed\r\nStatus: 4\.4\.7/);
    isBusy = false;
    house.clock.advance(2 * HOUR_MS);
    await house.wake();
    await house.settled();
    assert.match((await house.notices())[1] ?? '', /Action: relayed/);
  });

  test('keeps what is not to leave yet; its age counts from then, and people here get it then', async () => {
    await using peer = await startPeer({ recipient: () => ({ code: 450, text: '4.2.0 busy' }) });
    const filed: string[] = [];
    await using house = await openHouse({
      routes: { 'one.test': peer.port },
      services: {
        async deliverHere({ sender, localPart, content }) {
          filed.push(`${sender} ${localPart} ${Buffer.from(await content.read(0, content.sizeBytes)).toString() === TEXT}`);
          return localPart === 'ola';
        },
      },
    });
    const releaseAtMs = house.clock.nowMs() + 24 * HOUR_MS;
    const queueId = await house.send({ to: ['a@one.test'], releaseAtMs });
    await house.send({ to: ['ola@here.test', 'nobody@here.test'], releaseAtMs, notify: ['SUCCESS', 'FAILURE'] });
    assert.equal(await house.store.query(readNextDue()), releaseAtMs);
    house.clock.advance(24 * HOUR_MS);
    await house.wake();
    await house.recipient(queueId, (row) => row.attempts === 1 && !row.isLeased);
    await until(async () => (await house.notices()).length === 1);
    assert.deepEqual(filed, ['jan@here.test ola true', 'jan@here.test nobody true']);
    const [told = ''] = await house.notices();
    assert.match(told, /ola@here\.test\r\nAction: delivered/);
    assert.match(told, /nobody@here\.test\r\nAction: failed/);
    house.clock.advance(3 * HOUR_MS);
    await house.wake();
    await house.recipient(queueId, (row) => row.attempts === 2 && !row.isLeased);
    assert.equal((await house.notices()).length, 1, 'a day of waiting on request is no delay');
  });

  test('comes back soon where it is greylisted', async () => {
    await using peer = await startPeer({ recipient: () => ({ code: 451, text: '4.7.1 Greylisted, please try again in 90 seconds' }) });
    await using house = await openHouse({ routes: { 'one.test': peer.port }, settings: { retryDelaysMs: [HOUR_MS] } });
    const queueId = await house.send({ to: ['a@one.test'] });
    const { dueAtMs = 0 } = await house.recipient(queueId, (row) => row.attempts === 1 && !row.isLeased);
    const delayMs = dueAtMs - house.clock.nowMs();
    assert.ok(delayMs >= 95_000 && delayMs <= 110_000, `${delayMs}`);
  });

  test('sends a message to 500 recipients of a domain over one connection, in five transactions', async () => {
    await using peer = await startPeer();
    await using house = await openHouse({ routes: { 'one.test': peer.port } });
    await house.send({ to: Array.from({ length: 500 }, (_, n) => `r${n}@one.test`) });
    await house.settled();
    assert.deepEqual([peer.connections, peer.received.map(({ recipients }) => recipients.length)], [1, [100, 100, 100, 100, 100]]);
  });

  test('keeps to what the settings say of a destination', async () => {
    await using peer = await startPeer();
    await using house = await openHouse({
      routes: { 'one.test': peer.port },
      settings: { destinations: [{ domain: '127.0.0.1', connections: 1, messagesPerConnection: 2, recipientsPerMessage: 10 }] },
    });
    await house.send({ to: Array.from({ length: 25 }, (_, n) => `r${n}@one.test`) });
    await house.send({ to: ['last@one.test'] });
    await house.settled();
    assert.deepEqual([peer.connections, peer.received.map(({ recipients }) => recipients.length)], [2, [10, 10, 5, 1]]);
  });

  test('a busy destination gives way to others that wait for a connection', async () => {
    await using peer = await startPeer();
    await using house = await openHouse({
      isIdle: true,
      routes: { 'busy.test': peer.port },
      zone: {},
      settings: { connections: 1 },
      moreRoutes: [{ domain: 'other.test', relay: { host: 'localhost', port: peer.port, tls: 'none' } }],
    });
    for (let n = 0; n < 200; n++) await house.send({ to: [`r${n}@busy.test`] });
    await house.send({ to: ['late@other.test'] });
    house.start();
    await house.settled();
    const at = peer.received.findIndex(({ recipients }) => recipients.includes('late@other.test'));
    assert.ok(at >= 0 && at < 100, `${at} messages went before it`);
    assert.equal(peer.received.length, 201);
  });

  test('goes slower where it is told to, and delivers everything all the same', async () => {
    let refusals = 2;
    await using peer = await startPeer({ data: () => (refusals-- > 0 ? { code: 451, text: '4.7.28 too fast' } : undefined) });
    await using house = await openHouse({ routes: { 'one.test': peer.port }, settings: { retryDelaysMs: [1000] } });
    const ids = await Promise.all(Array.from({ length: 5 }, (_, n) => house.send({ to: [`r${n}@one.test`] })));
    await until(async () => peer.received.length === 3 && (await house.queued()).length === 2);
    const waiting = (await house.queued()).map(({ message }) => message.queueId);
    assert.equal(waiting.filter((id) => ids.includes(id)).length, 2);
    house.clock.advance(60_000);
    await house.wake();
    await house.settled();
    assert.equal(peer.received.length, 5);
  });

  test('puts signatures in front, made once for all parts of a message; waits where they cannot be made', async () => {
    await using peer = await startPeer();
    let asked = 0;
    let isBroken = true;
    await using house = await openHouse({
      routes: { 'one.test': peer.port, 'two.test': peer.port },
      services: {
        async sign({ queueId }, content) {
          asked++;
          if (isBroken) throw new Error('no key at hand');
          const text = Buffer.from(await content.read(0, content.sizeBytes)).toString();
          return Buffer.from(`X-Signed: ${queueId} ${text.length}\r\n`);
        },
      },
    });
    house.refuseNotices = true;
    const queueId = await house.send({ to: ['a@one.test'], prefix: 'X-Before: yes\r\n' });
    const { lastStatus, lastReply } = await house.recipient(queueId, (row) => row.attempts === 1 && !row.isLeased);
    assert.deepEqual([lastStatus, lastReply, peer.received.length], ['4.3.0', 'the message could not be signed', 0]);
    isBroken = false;
    house.clock.advance(HOUR_MS);
    await house.wake();
    await house.settled();
    assert.equal(peer.received[0]?.text, `X-Signed: ${queueId} ${TEXT.length + 15}\r\nX-Before: yes\r\n${TEXT}`);
    asked = 0;
    await house.send({ to: [...Array.from({ length: 150 }, (_, n) => `r${n}@one.test`), 'b@two.test'] });
    await house.settled();
    assert.equal(asked, 1);
  });

  test('writes every possible repeat into the trail', async () => {
    let connections = 0;
    await using peer = await startScriptedPeer(async (conversation) => {
      connections++;
      conversation.say('220 mx\r\n');
      for (const answer of ['250 mx', '250 ok', '250 ok', '354 go']) await conversation.answer(`${answer}\r\n`);
      await conversation.data();
      if (connections === 1) conversation.close();
      else conversation.say('250 ok\r\n');
    });
    await using house = await openHouse({ routes: { 'one.test': peer.port }, isIdle: true });
    const crashed = await house.send({ to: ['a@one.test'] });
    const lease = { owner: 'test', nowMs: house.clock.nowMs(), untilMs: house.clock.nowMs() + HOUR_MS, postpone: [] };
    await house.store.commit(claim, { ...lease, claim: [[crashed, 0]] });
    house.start();
    await until(async () => (await house.trail(crashed)).some(({ event }) => event === 'deferred'));
    house.clock.advance(HOUR_MS);
    await house.wake();
    await house.settled();
    const events = (await house.trail(crashed)).filter(({ event }) => event === 'repeated');
    assert.deepEqual(
      events.map(({ recipients, details }) => [recipients, details['cause']]),
      [
        [['a@one.test'], 'an attempt was under way, or about to begin, when the server ended'],
        [['a@one.test'], 'the connection broke before the answer to the whole message'],
      ],
    );
    await house.stop();
    const expired = await house.send({ to: ['b@one.test'] });
    await house.store.commit(claim, { ...lease, owner: 'another', nowMs: house.clock.nowMs(), untilMs: house.clock.nowMs() + 1000, claim: [[expired, 0]] });
    house.clock.advance(2000);
    house.start();
    await house.settled();
    assert.deepEqual(
      (await house.trail(expired)).map(({ event }) => event),
      ['repeated', 'delivered'],
    );
  });

  test('a message that was put on hold while a scheduler had it stays on hold when that one has died', async () => {
    await using house = await openHouse({ isIdle: true });
    const queueId = await house.send({ to: ['a@one.test'] });
    const nowMs = house.clock.nowMs();
    await house.store.commit(claim, { owner: 'another', nowMs, untilMs: nowMs + 1000, claim: [[queueId, 0]], postpone: [] });
    await house.store.commit(holdQueued, { queueIds: [queueId], actor: 'administrator', reason: 'odd', nowMs });
    house.clock.advance(2000);
    house.start();
    const row = await house.recipient(queueId, ({ isLeased }) => !isLeased);
    assert.deepEqual([row.isHeld, row.dueAtMs, row.attempts], [true, undefined, 0]);
    assert.deepEqual(
      (await house.trail(queueId)).map(({ event, details }) => [event, details['actor'] ?? '', details['reason'] ?? '']),
      [
        ['held', 'administrator', 'odd'],
        ['repeated', '', ''],
      ],
    );
  });

  test('who waits for a destination that is left alone hears of it in time', async () => {
    await using dead = await startScriptedPeer(async (conversation) => {
      conversation.close();
    });
    await using house = await openHouse({ routes: { 'dead.test': dead.port } });
    const first = await house.send({ to: ['first@dead.test'] });
    await house.recipient(first, (row) => row.attempts === 1 && !row.isLeased);
    const tried = dead.connections();
    const late = await house.send({ to: ['late@dead.test'], nowMs: house.clock.nowMs() - 5 * HOUR_MS });
    await house.recipient(late, (row) => row.isDelayTold && !row.isLeased);
    await house.send({ to: ['over@dead.test'], nowMs: house.clock.nowMs() - 121 * HOUR_MS });
    await until(async () => (await house.notices()).length === 2);
    const [delayed = '', failed = ''] = await house.notices();
    assert.match(delayed, /late@dead\.test\r\nAction: delayed/);
    assert.match(failed, /over@dead\.test\r\nAction: failed\r\nStatus: 4\.4\.7/);
    assert.equal(dead.connections(), tried, 'nobody was asked for it');
  });

  test('what one slow destination has too much of waits behind the others and is taken when there is room', async () => {
    const gate = Promise.withResolvers<void>();
    await using slow = await startScriptedPeer(async (conversation) => {
      await gate.promise;
      conversation.say('220 mx\r\n');
      await conversation.answer('250 mx\r\n');
      for (let line = await conversation.line(); line !== undefined; line = await conversation.line()) {
        if (line.startsWith('DATA')) {
          conversation.say('354 go\r\n');
          await conversation.data();
        }
        conversation.say('250 ok\r\n');
      }
    });
    await using quick = await startPeer();
    await using house = await openHouse({ routes: { 'slow.test': slow.port, 'quick.test': quick.port }, settings: { connectionsPerDomain: 1 } });
    for (let n = 0; n < 12; n++) await house.send({ to: Array.from({ length: 100 }, (_, at) => `r${n}x${at}@slow.test`) });
    await house.send({ to: ['a@quick.test'] });
    await until(() => quick.received.length === 1);
    const parked = await house.store.query(all<{ parked: string }>(sql`SELECT parked FROM queue_recipient WHERE parked IS NOT NULL`));
    assert.ok(parked.length >= 500, `${parked.length} parked`);
    gate.resolve();
    // Without the clock: nothing comes back by itself.
    await house.settled();
  });

  test('writes to an address no more that has refused three times, and says so; forgets refusals when it takes mail', async () => {
    let isGone = true;
    await using peer = await startPeer({ recipient: () => (isGone ? { code: 550, text: '5.1.1 no such user' } : undefined) });
    await using house = await openHouse({ routes: { 'one.test': peer.port } });
    for (let n = 0; n < 2; n++) {
      await house.send({ to: ['A@one.test'] });
      await house.settled();
    }
    isGone = false;
    await house.send({ to: ['a@one.test'] });
    await house.settled();
    isGone = true;
    const ids: string[] = [];
    for (let n = 0; n < 4; n++) {
      ids.push(await house.send({ to: ['a@one.test'] }));
      await house.settled();
    }
    assert.equal(peer.received.length, 1);
    const entry = await house.store.query(readSuppression(1 as AccountId, 'a@one.test', house.clock.nowMs()));
    assert.deepEqual([entry?.reason, entry?.detail], ['bounces', '550 5.1.1 no such user']);
    assert.deepEqual(
      (await house.trail(ids[2] ?? '')).map(({ event }) => event),
      ['bounced', 'noticed', 'suppressed'],
    );
    assert.deepEqual(
      (await house.trail(ids[3] ?? '')).map(({ event }) => event),
      ['suppressed', 'noticed'],
    );
    const notices = await house.notices();
    assert.match(notices.at(-1) ?? '', /Status: 5\.7\.1[^]*a@one\.test is on the suppression list since 20\d\d-/);
    house.clock.advance(31 * 24 * HOUR_MS);
    isGone = false;
    await house.send({ to: ['a@one.test'] });
    await house.settled();
    assert.equal(peer.received.length, 2, 'the list forgets');
  });

  test('holds the mail of an account with a reason, what waits and what comes, and lets it go again', async () => {
    await using peer = await startPeer();
    await using house = await openHouse({ routes: { 'one.test': peer.port }, isIdle: true });
    const waiting = await house.send({ to: ['a@one.test'] });
    const nowMs = house.clock.nowMs();
    const account = 1 as AccountId;
    await house.store.commit(holdAccount, { account, reason: 'too many refusals', actor: 'limits', heldAtMs: nowMs });
    const slice = { account, actor: 'limits', reason: 'too many refusals', after: '', nowMs };
    assert.deepEqual(await house.store.commit(accountSlice, { ...slice, verb: 'hold' }), { next: undefined, recipients: 1 });
    const later = await house.send({ to: ['b@one.test'] });
    for (const queueId of [waiting, later])
      assert.deepEqual((await house.store.query(readQueued(queueId)))?.message.hold, { kind: 'account', reason: 'too many refusals' });
    house.start();
    assert.equal((await house.store.query(listQueued({ state: 'held', account }, '', 10))).queued.length, 2);
    await house.store.commit(releaseAccount, { account });
    await house.store.commit(accountSlice, { ...slice, verb: 'release' });
    await house.settled();
    assert.equal(peer.received.length, 2);
    assert.deepEqual(
      (await house.trail(waiting)).map(({ event, details }) => [event, details['actor']]),
      [
        ['held', 'limits'],
        ['released', 'limits'],
        ['delivered', undefined],
      ],
    );
  });

  test('an entry of the suppression list that is made twice lasts as long as the longer one', async () => {
    await using house = await openHouse({ isIdle: true });
    const entry = { account: undefined, address: 'x@one.test', reason: 'complaint' as const, detail: '', createdAtMs: 1, expiresAtMs: 5000 };
    await house.store.commit(addSuppression, entry);
    await house.store.commit(addSuppression, { ...entry, expiresAtMs: 3000 });
    assert.equal((await house.store.query(readSuppression(7 as AccountId, 'x@one.test', 10)))?.expiresAtMs, 5000);
    assert.equal(await house.store.query(readSuppression(7 as AccountId, 'x@one.test', 5000)), undefined);
  });
});
