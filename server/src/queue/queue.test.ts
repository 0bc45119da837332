import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { systemClock } from '#core/clock.ts';
import { SmtpTransport } from '#smtp/client/transport.ts';
import { all, sql } from '#store/sql.ts';
import { FakeDns } from '../../test/support/dns.ts';
import { openHouse, TEXT, until } from '../../test/support/queue-house.ts';
import { startPeer, startScriptedPeer } from '../../test/support/smtp-peer.ts';
import { claim } from './leases.ts';
import { dropQueued, holdQueued, type OperateArgs, releaseQueued, retryQueued } from './operate.ts';
import { readQueued } from './queue-rows.ts';
import type { Destination, MailTransport } from './transport.ts';

const HOUR_MS = 3600_000;

suite('the queue', () => {
  test('carries a message to all its recipients and forgets it', async () => {
    await using peer = await startPeer();
    await using house = await openHouse({ routes: { 'one.test': peer.port, 'two.test': peer.port } });
    const queueId = await house.send({ to: ['a@one.test', 'b@one.test', 'c@two.test'] });
    await house.settled();
    assert.deepEqual(peer.received.flatMap(({ recipients }) => recipients).toSorted(), ['a@one.test', 'b@one.test', 'c@two.test']);
    assert.equal(peer.received[0]?.text, TEXT);
    assert.equal(await house.store.query(readQueued(queueId)), undefined);
    assert.deepEqual(await house.references(), [0]);
    assert.deepEqual(house.events('queue.delivered').length, 3);
  });

  test('keeps no place among the connections for a domain whose policy is long in coming', async () => {
    await using peer = await startPeer();
    await using dns = await FakeDns.start({});
    const inner = new SmtpTransport({ hostname: 'mail.here.test', resolver: dns.resolver() });
    const policy = Promise.withResolvers<void>();
    const asked: string[] = [];
    const transport: MailTransport = {
      async prepare(destination) {
        const name = destination.kind === 'relay' ? String(destination.relay.login) : '';
        asked.push(name);
        if (name === 'slow') await policy.promise;
      },
      connect: (destination, signal) => inner.connect(relayTo(peer.port, destination), signal),
    };
    const routes = ['slow', 'fast'].map((name) => ({
      domain: `${name}.test`,
      relay: { host: '127.0.0.1', port: peer.port, tls: 'none' as const, login: name },
    }));
    await using house = await openHouse({ moreRoutes: routes, settings: { connections: 1 }, services: { transport } });
    const slow = await house.send({ to: ['a@slow.test'] });
    await until(() => asked.includes('slow'));
    await house.send({ to: ['b@fast.test'] });
    await until(() => peer.received.length === 1);
    assert.deepEqual(peer.received[0]?.recipients, ['b@fast.test']);
    assert.notEqual(await house.store.query(readQueued(slow)), undefined);
    policy.resolve();
    await house.settled();
    assert.deepEqual(peer.received[1]?.recipients, ['a@slow.test']);
  });

  test('puts what stands before the body before it', async () => {
    await using peer = await startPeer();
    await using house = await openHouse({ routes: { 'one.test': peer.port } });
    await house.send({ to: ['a@one.test'], prefix: 'X-Before: yes\r\n' });
    await house.settled();
    assert.equal(peer.received[0]?.text, `X-Before: yes\r\n${TEXT}`);
  });

  test('uses few connections for many messages and sends 100 recipients at a time', async () => {
    await using peer = await startPeer();
    await using house = await openHouse({ routes: { 'one.test': peer.port } });
    await Promise.all(Array.from({ length: 300 }, (_, n) => house.send({ to: [`r${n}@one.test`] })));
    await house.send({ to: Array.from({ length: 250 }, (_, n) => `many${n}@one.test`) });
    await house.settled();
    // The 250 may be found in two looks.
    assert.ok(peer.received.length <= 300 + 4 && peer.received.every(({ recipients }) => recipients.length <= 100));
    assert.equal(
      peer.received.reduce((sum, { recipients }) => sum + recipients.length, 0),
      550,
    );
    assert.ok(peer.connections <= 20, `${peer.connections} connections`);
  });

  test('tries again after a time that grows, and delivers in the end', async () => {
    let isBusy = true;
    await using peer = await startPeer({ recipient: () => (isBusy ? { code: 450, text: '4.2.0 busy' } : undefined) });
    await using house = await openHouse({ routes: { 'one.test': peer.port }, settings: { retryDelaysMs: [60_000, 120_000] } });
    const queueId = await house.send({ to: ['a@one.test'] });
    const delays: number[] = [];
    for (let attempt = 1; attempt <= 3; attempt++) {
      const recipient = await house.recipient(queueId, (row) => row.attempts === attempt && !row.isLeased);
      delays.push(Math.round(((recipient.dueAtMs ?? 0) - house.clock.nowMs()) / 60_000));
      assert.deepEqual([recipient.lastStatus, recipient.lastReply, recipient.lastHost], ['4.2.0', '450 4.2.0 busy', '127.0.0.1']);
      if (attempt === 3) isBusy = false;
      house.clock.advance((recipient.dueAtMs ?? 0) - house.clock.nowMs());
      await house.wake();
    }
    await house.settled();
    assert.deepEqual(delays, [1, 2, 2]);
    assert.equal(peer.received.length, 1);
  });

  test('tries again in time where the time is shorter than it would sleep', async () => {
    let isBusy = true;
    await using peer = await startPeer({ recipient: () => (isBusy ? { code: 450, text: '4.2.0 busy' } : undefined) });
    await using house = await openHouse({ routes: { 'one.test': peer.port }, settings: { retryDelaysMs: [50] }, services: { clock: systemClock } });
    const queueId = await house.send({ to: ['a@one.test'], nowMs: systemClock.nowMs() });
    await house.recipient(queueId, (row) => row.attempts === 1 && !row.isLeased);
    isBusy = false;
    // Nothing wakes it but its own timer.
    await house.settled();
    assert.equal(peer.received.length, 1);
  });

  test('tells a sender here of a failure, with the header of the message', async () => {
    await using peer = await startPeer({ recipient: () => ({ code: 550, text: '5.1.1 nobody of that name' }) });
    await using house = await openHouse({ routes: { 'one.test': peer.port } });
    await house.send({ to: ['a@one.test'], envelopeId: 'env-1', original: 'rfc822;alias+2Ba@one.test' });
    await house.settled();
    const [text = '', ...more] = await house.notices();
    assert.equal(more.length, 0);
    for (const line of [
      'Reporting-MTA: dns; mail.here.test',
      'Original-Envelope-Id: env-1',
      'Original-Recipient: rfc822; alias+a@one.test',
      'Final-Recipient: rfc822; a@one.test',
      'Action: failed',
      'Status: 5.1.1',
      'Remote-MTA: dns; 127.0.0.1',
      'Diagnostic-Code: smtp; 550 5.1.1 nobody of that name',
      'Subject: greetings',
    ])
      assert.ok(text.includes(`${line}\r\n`), `${line} in ${text}`);
    assert.ok(!text.includes('Hello.'));
  });

  test('returns the whole message where RET=FULL was asked for', async () => {
    await using peer = await startPeer({ recipient: () => ({ code: 550, text: 'no' }) });
    await using house = await openHouse({ routes: { 'one.test': peer.port } });
    await house.send({ to: ['a@one.test'], ret: 'FULL' });
    await house.settled();
    assert.ok((await house.notices())[0]?.includes('Hello.'));
    await house.send({ to: ['a@one.test'], ret: 'FULL', tlsNeed: 'required' });
    await house.settled();
    assert.ok(!(await house.notices())[1]?.includes('Hello.'), 'not of a message that requires TLS');
  });

  test('sends the notice on its own way to a sender elsewhere, and none about a notice', async () => {
    await using peer = await startPeer({ recipient: (address) => (address.endsWith('@one.test') ? { code: 550, text: 'no' } : undefined) });
    await using house = await openHouse({ routes: { 'one.test': peer.port, 'far.test': peer.port } });
    await house.send({ to: ['a@one.test'], from: 'stranger@far.test' });
    await house.send({ to: ['b@one.test'], from: '' });
    await house.settled();
    assert.deepEqual(
      peer.received.map(({ sender, recipients }) => ({ sender, recipients })),
      [{ sender: '', recipients: ['stranger@far.test'] }],
    );
    assert.match(peer.received[0]?.text ?? '', /Action: failed/);
    assert.equal((await house.notices()).length, 0);
  });

  test('respects NOTIFY: nothing for NEVER, a word on success where the other side gives none', async () => {
    await using peer = await startPeer({
      recipient: (address) => (address.startsWith('bad') ? { code: 550, text: 'no' } : undefined),
      options: { hideDSN: true },
    });
    await using house = await openHouse({ routes: { 'one.test': peer.port } });
    await house.send({ to: ['bad1@one.test'], notify: ['NEVER'] });
    await house.send({ to: ['bad2@one.test'], notify: ['SUCCESS'] });
    await house.send({ to: ['good@one.test'], notify: ['SUCCESS', 'FAILURE'] });
    await house.settled();
    assert.equal((await house.notices()).length, 1);
    assert.match((await house.notices())[0] ?? '', /Final-Recipient: rfc822; good@one\.test\r\nAction: relayed/);
  });

  test('tells of a delay once after four hours, and gives up after five days', async () => {
    await using peer = await startPeer({ recipient: () => ({ code: 450, text: '4.2.0 later' }) });
    await using house = await openHouse({ routes: { 'one.test': peer.port } });
    const queueId = await house.send({ to: ['a@one.test'] });
    await house.recipient(queueId, (row) => row.attempts === 1 && !row.isLeased);
    const actions: string[] = [];
    for (const [attempt, hours] of [
      [2, 2],
      [3, 3],
      [4, 4],
    ] as const) {
      house.clock.advance(hours * HOUR_MS);
      await house.wake();
      await house.recipient(queueId, (row) => row.attempts === attempt && !row.isLeased);
      actions.push(`${(await house.notices()).length}`);
    }
    assert.deepEqual(actions, ['0', '1', '1']);
    assert.match((await house.notices())[0] ?? '', /Action: delayed\r\n[^]*Will-Retry-Until: /);
    house.clock.advance(5 * 24 * HOUR_MS);
    await house.wake();
    await house.settled();
    assert.match((await house.notices())[1] ?? '', /Action: failed\r\nStatus: 4\.4\.7/);
  });

  test('keeps a failed message as long as its sender cannot be told', async () => {
    await using peer = await startPeer({ recipient: () => ({ code: 550, text: 'no' }) });
    await using house = await openHouse({ routes: { 'one.test': peer.port } });
    house.refuseNotices = true;
    const queueId = await house.send({ to: ['a@one.test'] });
    await house.recipient(queueId, (row) => row.attempts === 1 && !row.isLeased);
    house.refuseNotices = false;
    house.clock.advance(HOUR_MS);
    await house.wake();
    await house.settled();
    assert.equal((await house.notices()).length, 1);
    const trail = await house.store.query(all<{ event: string }>(sql`SELECT event FROM trail WHERE event = 'bounced'`));
    assert.equal(trail.length, 1);
  });

  test('leaves a destination that cannot be reached alone, while others are served', async () => {
    await using peer = await startPeer();
    await using dead = await startScriptedPeer(async (conversation) => {
      conversation.close();
    });
    await using house = await openHouse({ routes: { 'one.test': peer.port, 'dead.test': dead.port } });
    const ids = await Promise.all(Array.from({ length: 30 }, (_, n) => house.send({ to: [`r${n}@${n % 2 ? 'one' : 'dead'}.test`] })));
    await house.recipient(ids[0] ?? '', (row) => row.attempts === 1 && !row.isLeased);
    await until(() => peer.received.length === 15);
    const tried = dead.connections();
    const late = await house.send({ to: ['late@dead.test'] });
    const recipient = await house.recipient(late, (row) => !row.isLeased && (row.dueAtMs ?? 0) > house.clock.nowMs());
    assert.equal(recipient.attempts, 0);
    assert.equal(dead.connections(), tried);
    await house.store.commit(retryQueued, { queueIds: [late], actor: 'test', reason: '', nowMs: house.clock.nowMs() });
    await house.recipient(late, (row) => row.attempts === 1 && !row.isLeased);
    assert.ok(dead.connections() > tried);
  });

  test('bounces at once what has nowhere to go', async () => {
    await using house = await openHouse({ zone: { 'null.test': { MX: [{ preference: 0, exchange: '.' }] } } });
    await house.send({ to: ['a@null.test', 'b@missing.test'] });
    await house.settled();
    const text = (await house.notices()).join();
    assert.match(text, /Status: 5\.1\.10/);
    assert.match(text, /Status: 5\.1\.2/);
  });

  test('goes on with what an earlier life had begun, and says that it may come twice', async () => {
    await using peer = await startPeer();
    await using house = await openHouse({ routes: { 'one.test': peer.port }, isIdle: true });
    const queueId = await house.send({ to: ['a@one.test'] });
    await house.store.commit(claim, { owner: 'test', nowMs: house.clock.nowMs(), untilMs: house.clock.nowMs() + HOUR_MS, claim: [[queueId, 0]], postpone: [] });
    house.start();
    await house.settled();
    assert.equal(peer.received.length, 1);
    assert.equal(house.events('queue.repeated').length, 1);
  });

  test('says that a message may come twice when the answer to it is lost', async () => {
    let connections = 0;
    await using peer = await startScriptedPeer(async (conversation) => {
      connections++;
      conversation.say('220 mx\r\n');
      for (const answer of ['250 mx', '250 ok', '250 ok', '354 go']) await conversation.answer(`${answer}\r\n`);
      await conversation.data();
      if (connections === 1) conversation.close();
      else conversation.say('250 ok\r\n');
    });
    await using house = await openHouse({ routes: { 'one.test': peer.port } });
    const queueId = await house.send({ to: ['a@one.test'] });
    await house.recipient(queueId, (row) => row.attempts === 1 && !row.isLeased);
    assert.equal(house.events('queue.repeated').length, 1);
    house.clock.advance(HOUR_MS);
    await house.wake();
    await house.settled();
  });

  test('gives back what it has not begun when it stops, and loses nothing', async () => {
    await using peer = await startPeer();
    await using house = await openHouse({ routes: { 'one.test': peer.port } });
    const ids = await Promise.all(Array.from({ length: 400 }, (_, n) => house.send({ to: [`r${n}@one.test`] })));
    await until(() => peer.received.length > 20);
    await house.stop();
    const left = await house.queued();
    assert.equal(left.length + peer.received.length, ids.length);
    assert.ok(left.every(({ recipients }) => recipients.every(({ isLeased }) => !isLeased)));
    house.start();
    await house.settled();
    assert.equal(peer.received.length, ids.length);
    assert.equal(house.events('queue.repeated').length, 0);
  });

  test('holds, releases and drops what the administrator says', async () => {
    await using peer = await startPeer();
    await using house = await openHouse({ routes: { 'one.test': peer.port }, isIdle: true });
    const held = await house.send({ to: ['held@one.test'] });
    const dropped = await house.send({ to: ['dropped@one.test', 'x@one.test'] });
    const args = (queueId: string): OperateArgs => ({ queueIds: [queueId], actor: 'test', reason: 'to be looked at', nowMs: house.clock.nowMs() });
    assert.equal(await house.store.commit(holdQueued, args(held)), 1);
    assert.equal(await house.store.commit(dropQueued, args(dropped)), 2);
    const [trail] = await house.store.query(
      all<{ event: string; recipients: string }>(sql`SELECT event, recipients FROM trail WHERE queue_id = ${dropped} AND event = 'dropped'`),
    );
    assert.equal((JSON.parse(trail?.recipients ?? '[]') as unknown[]).length, 2, 'the trail tells who never got it');
    house.start();
    await house.send({ to: ['free@one.test'] });
    await until(async () => peer.received.length === 1 && (await house.queued()).length === 1);
    assert.deepEqual(
      (await house.queued()).map(({ message, recipients }) => [message.queueId, recipients[0]?.isHeld]),
      [[held, true]],
    );
    assert.equal(await house.store.commit(retryQueued, args(held)), 0);
    assert.equal(await house.store.commit(releaseQueued, args(held)), 1);
    await house.settled();
    assert.deepEqual(
      peer.received.map(({ recipients }) => recipients[0]),
      ['free@one.test', 'held@one.test'],
    );
    assert.deepEqual(await house.references(), [0, 0, 0]);
  });
});

/** The same, without the sign-in that only tells destinations apart. */
function relayTo(port: number, { source }: Destination): Destination {
  return { kind: 'relay', relay: { host: '127.0.0.1', port, tls: 'none' }, source };
}
