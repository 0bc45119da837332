import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { FakeClock } from '#core/clock.ts';
import type { AccountId } from '#core/ids.ts';
import { SmtpTransport } from '#smtp/client/transport.ts';
import { defineMutation } from '#store/mutation.ts';
import { all, sql } from '#store/sql.ts';
import { MemoryLog } from '../../test/support/log.ts';
import { FakeDns, type Zone } from '../../test/support/dns.ts';
import { startPeer, startScriptedPeer } from '../../test/support/smtp-peer.ts';
import { openTestStore, type TestStore } from '../../test/support/store.ts';
import { enqueue, type Outgoing } from './enqueue.ts';
import { claim } from './leases.ts';
import { QUEUE_MUTATIONS } from './mutations.ts';
import { newQueueId } from './notice.ts';
import { dropQueued, holdQueued, releaseQueued, retryQueued } from './operate.ts';
import { Queue } from './queue.ts';
import { listQueued, type QueuedRecipient, readQueued } from './queue-rows.ts';
import { DEFAULT_QUEUE_SETTINGS, type LocalNotice, type QueueSettings } from './settings.ts';

const HOUR_MS = 3600_000;
const TEXT = 'From: jan@here.test\r\nSubject: greetings\r\nMessage-ID: <1@here.test>\r\n\r\nHello.\r\n';

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
    await using peer = await startPeer({ recipient: () => (isBusy ? { code: 450, text: '4.2.0 greylisted' } : undefined) });
    await using house = await openHouse({ routes: { 'one.test': peer.port }, settings: { retryDelaysMs: [60_000, 120_000] } });
    const queueId = await house.send({ to: ['a@one.test'] });
    const delays: number[] = [];
    for (let attempt = 1; attempt <= 3; attempt++) {
      const recipient = await house.recipient(queueId, (row) => row.attempts === attempt && !row.isLeased);
      delays.push(Math.round(((recipient.dueAtMs ?? 0) - house.clock.nowMs()) / 60_000));
      assert.deepEqual([recipient.lastStatus, recipient.lastReply, recipient.lastHost], ['4.2.0', '450 4.2.0 greylisted', '127.0.0.1']);
      if (attempt === 3) isBusy = false;
      house.clock.advance((recipient.dueAtMs ?? 0) - house.clock.nowMs());
      await house.wake();
    }
    await house.settled();
    assert.deepEqual(delays, [1, 2, 2]);
    assert.equal(peer.received.length, 1);
  });

  test('tells a sender here of a failure, with the header of the message', async () => {
    await using peer = await startPeer({ recipient: () => ({ code: 550, text: '5.1.1 nobody of that name' }) });
    await using house = await openHouse({ routes: { 'one.test': peer.port } });
    await house.send({ to: ['a@one.test'], envelopeId: 'env-1', original: 'rfc822;alias+2Ba@one.test' });
    await house.settled();
    const [notice] = house.notices;
    assert.deepEqual([house.notices.length, notice?.localPart, notice?.domain], [1, 'jan', 'here.test']);
    const text = Buffer.from(notice?.bytes ?? []).toString();
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
    assert.ok(Buffer.from(house.notices[0]?.bytes ?? []).includes('Hello.'));
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
    assert.equal(house.notices.length, 0);
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
    assert.equal(house.notices.length, 1);
    assert.match(Buffer.from(house.notices[0]?.bytes ?? []).toString(), /Final-Recipient: rfc822; good@one\.test\r\nAction: relayed/);
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
      actions.push(`${house.notices.length}`);
    }
    assert.deepEqual(actions, ['0', '1', '1']);
    assert.match(Buffer.from(house.notices[0]?.bytes ?? []).toString(), /Action: delayed\r\n[^]*Will-Retry-Until: /);
    house.clock.advance(5 * 24 * HOUR_MS);
    await house.wake();
    await house.settled();
    assert.match(Buffer.from(house.notices[1]?.bytes ?? []).toString(), /Action: failed\r\nStatus: 4\.4\.7/);
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
    assert.equal(house.notices.length, 1);
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
    await house.store.commit(retryQueued, { queueIds: [late], nowMs: house.clock.nowMs() });
    await house.recipient(late, (row) => row.attempts === 1 && !row.isLeased);
    assert.ok(dead.connections() > tried);
  });

  test('bounces at once what has nowhere to go', async () => {
    await using house = await openHouse({ zone: { 'null.test': { MX: [{ preference: 0, exchange: '.' }] } } });
    await house.send({ to: ['a@null.test', 'b@missing.test'] });
    await house.settled();
    const text = house.notices.map(({ bytes }) => Buffer.from(bytes).toString()).join();
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
    const left = await house.store.query(listQueued('', 1000));
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
    const args = (queueId: string): { queueIds: string[]; nowMs: number } => ({ queueIds: [queueId], nowMs: house.clock.nowMs() });
    assert.equal(await house.store.commit(holdQueued, args(held)), 1);
    assert.equal(await house.store.commit(dropQueued, args(dropped)), 2);
    const [trail] = await house.store.query(
      all<{ event: string; recipients: string }>(sql`SELECT event, recipients FROM trail WHERE queue_id = ${dropped} AND event = 'dropped'`),
    );
    assert.equal((JSON.parse(trail?.recipients ?? '[]') as unknown[]).length, 2, 'the trail tells who never got it');
    house.start();
    await house.send({ to: ['free@one.test'] });
    await until(async () => peer.received.length === 1 && (await house.store.query(listQueued('', 10))).length === 1);
    assert.deepEqual(
      (await house.store.query(listQueued('', 10))).map(({ message, recipients }) => [message.queueId, recipients[0]?.isHeld]),
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

interface House extends AsyncDisposable {
  readonly store: TestStore['store'];
  readonly clock: FakeClock;
  readonly notices: LocalNotice[];
  refuseNotices: boolean;
  start(): void;
  stop(): Promise<void>;
  send(mail: Mail): Promise<string>;
  wake(): Promise<void>;
  /** Waits until nothing is queued. */
  settled(): Promise<void>;
  recipient(queueId: string, isSo: (row: QueuedRecipient) => boolean): Promise<QueuedRecipient>;
  references(): Promise<readonly number[]>;
  events(name: string): readonly unknown[];
}

interface Mail {
  readonly to: readonly string[];
  readonly from?: string;
  readonly notify?: readonly string[];
  readonly prefix?: string;
  readonly ret?: 'FULL';
  readonly envelopeId?: string;
  readonly original?: string;
}

const testEnqueue = defineMutation('test.enqueue', function* (tx, outgoing: Outgoing) {
  yield* enqueue(tx, outgoing);
});
const testNotify = defineMutation('test.notify', function* (tx, _args: Record<string, never>) {
  yield* all(sql`SELECT 1`);
  tx.notify('queue');
});

async function openHouse(options: {
  readonly routes?: Record<string, number>;
  readonly zone?: Zone;
  readonly settings?: Partial<QueueSettings>;
  readonly isIdle?: boolean;
}): Promise<House> {
  const { store, [Symbol.asyncDispose]: closeStore } = await openTestStore({ mutations: [...QUEUE_MUTATIONS, testEnqueue, testNotify] });
  const dns = await FakeDns.start(options.zone ?? {});
  const clock = new FakeClock();
  const log = new MemoryLog();
  const notices: LocalNotice[] = [];
  const routes = Object.entries(options.routes ?? {}).map(([domain, port]) => ({ domain, host: '127.0.0.1', port, tls: 'none' as const }));
  const settings: QueueSettings = { ...DEFAULT_QUEUE_SETTINGS, hostname: 'mail.here.test', domain: 'here.test', routes, ...options.settings };
  const transport = new SmtpTransport({ hostname: 'mail.here.test', resolver: dns.resolver() });
  let queue: Queue | undefined;
  const house: House = {
    store,
    clock,
    notices,
    refuseNotices: false,
    start() {
      queue = new Queue({
        store,
        transport,
        clock,
        log,
        settings,
        owner: 'test',
        isLocalDomain: async (domain) => domain === 'here.test',
        async deliverLocal(notice) {
          if (house.refuseNotices) throw new Error('not now');
          notices.push(notice);
          return 'delivered';
        },
      });
    },
    async stop() {
      await queue?.stop();
      queue = undefined;
    },
    async send(mail) {
      const queueId = newQueueId();
      const bytes = Buffer.from(TEXT);
      const prefix = Buffer.from(mail.prefix ?? '');
      const recipients = mail.to.map((address) => {
        const [localPart = '', domain = ''] = address.split('@');
        return { localPart, domain, notify: mail.notify, originalRecipient: mail.original };
      });
      const outgoing: Outgoing = {
        queueId,
        account: 1 as AccountId,
        sender: mail.from ?? 'jan@here.test',
        recipients,
        body: 0,
        sizeBytes: prefix.length + bytes.length,
        prefix,
        isEightBit: false,
        smtpUtf8: false,
        ret: mail.ret,
        envelopeId: mail.envelopeId,
        nowMs: clock.nowMs(),
      };
      await store.commit(testEnqueue, outgoing, [{ bytes }]);
      return queueId;
    },
    wake: () => store.commit(testNotify, {}),
    settled: () => until(async () => (await store.query(listQueued('', 1))).length === 0),
    async recipient(queueId, isSo) {
      let found: QueuedRecipient | undefined;
      await until(async () => {
        found = (await store.query(readQueued(queueId)))?.recipients[0];
        return found !== undefined && isSo(found);
      });
      return found ?? assert.fail();
    },
    references: async () => (await store.query(all<{ refs: number }>(sql`SELECT refs FROM blob`))).map(({ refs }) => refs),
    events: (name) => log.lines.filter(({ event }) => event === name),
    async [Symbol.asyncDispose]() {
      await queue?.stop();
      await dns[Symbol.asyncDispose]();
      await closeStore();
      assert.deepEqual(
        log.lines.filter(({ level }) => level === 'error' && !house.refuseNotices).filter(({ fields }) => fields['cause'] === undefined),
        [],
      );
    },
  };
  if (!options.isIdle) house.start();
  return house;
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let look = 0; look < 1000; look++) {
    if (await isSo()) return;
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
  }
  assert.fail('it did not come true in 10 s');
}
