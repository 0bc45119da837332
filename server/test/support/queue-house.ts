/** A queue over a real store, with a clock of its own, a DNS and routes to peers on loopback, for tests of the way out. jan@here.test is account 1. */
import assert from 'node:assert/strict';
import { FakeClock } from '#core/clock.ts';
import type { AccountId } from '#core/ids.ts';
import { newReceiptId } from '#core/receipt-id.ts';
import { enqueue, type Outgoing } from '#queue/enqueue.ts';
import { listQueued, type Queued } from '#queue/list-queued.ts';
import { QUEUE_MUTATIONS } from '#queue/mutations.ts';
import { type QueuedRecipient, readQueued } from '#queue/queue-rows.ts';
import { Queue } from '#queue/queue.ts';
import { DEFAULT_QUEUE_SETTINGS, type QueueServices, type QueueSettings, type Route } from '#queue/settings.ts';
import { SmtpTransport } from '#smtp/client/transport.ts';
import { defineMutation } from '#store/mutation.ts';
import { all, sql } from '#store/sql.ts';
import { FakeDns, type Zone } from './dns.ts';
import { MemoryLog } from './log.ts';
import { makeAccount, openTestStore, type TestStore } from './store.ts';

export const TEXT = 'From: jan@here.test\r\nSubject: greetings\r\nMessage-ID: <1@here.test>\r\n\r\nHello.\r\n';

export interface House extends AsyncDisposable {
  readonly store: TestStore['store'];
  readonly clock: FakeClock;
  /** Where senders are cannot be known. */
  refuseNotices: boolean;
  start(): void;
  stop(): Promise<void>;
  /** Puts a message into the queue; its id. */
  send(mail: Mail): Promise<string>;
  wake(): Promise<void>;
  /** Waits until nothing is queued. */
  settled(): Promise<void>;
  queued(): Promise<readonly Queued[]>;
  /** Waits until the first recipient of a message is so. */
  recipient(queueId: string, isSo: (row: QueuedRecipient) => boolean): Promise<QueuedRecipient>;
  /** What jan has been told, in order. */
  notices(): Promise<readonly string[]>;
  /** References to bodies. */
  references(): Promise<readonly number[]>;
  /** Events of a message in the trail. */
  trail(
    queueId: string,
  ): Promise<ReadonlyArray<{ readonly event: string; readonly recipients: readonly string[]; readonly details: Readonly<Record<string, unknown>> }>>;
  /** Lines of the log with this event. */
  events(name: string): readonly unknown[];
}

export interface Mail extends Partial<Pick<Outgoing, 'nowMs' | 'priority' | 'deliverBy' | 'releaseAtMs' | 'ret' | 'envelopeId' | 'hold' | 'tlsNeed'>> {
  readonly to: readonly string[];
  readonly from?: string;
  readonly notify?: readonly string[];
  readonly prefix?: string;
  readonly original?: string;
  readonly text?: string;
}

export interface HouseOptions {
  /** Domains to ports of loopback. */
  readonly routes?: Record<string, number>;
  readonly moreRoutes?: readonly Route[];
  readonly zone?: Zone;
  readonly settings?: Partial<QueueSettings>;
  readonly services?: Partial<QueueServices>;
  /** Not started at once. */
  readonly isIdle?: boolean;
}

const testEnqueue = defineMutation('test.enqueue', function* (tx, outgoing: Outgoing) {
  yield* enqueue(tx, outgoing);
});
const testNotify = defineMutation('test.notify', function* (tx, _args: Record<string, never>) {
  yield* all(sql`SELECT 1`);
  tx.notify('queue');
});

export async function openHouse(options: HouseOptions): Promise<House> {
  const { store, [Symbol.asyncDispose]: closeStore } = await openTestStore({ mutations: [...QUEUE_MUTATIONS, testEnqueue, testNotify] });
  const { account } = await makeAccount(store);
  const dns = await FakeDns.start(options.zone ?? {});
  const clock = new FakeClock();
  const log = new MemoryLog();
  const routes: Route[] = Object.entries(options.routes ?? {}).map(([domain, port]) => ({ domain, relay: { host: '127.0.0.1', port, tls: 'none' as const } }));
  const settings: QueueSettings = {
    ...DEFAULT_QUEUE_SETTINGS,
    hostname: 'mail.here.test',
    domain: 'here.test',
    routes: [...routes, ...(options.moreRoutes ?? [])],
    ...options.settings,
  };
  const transport = new SmtpTransport({ hostname: 'mail.here.test', resolver: dns.resolver() });
  let queue: Queue | undefined;
  const house: House = {
    store,
    clock,
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
        async resolveLocal(localPart) {
          if (house.refuseNotices) throw new Error('not now');
          return localPart === 'jan' ? { account, isForwarded: false } : undefined;
        },
        ...options.services,
      });
    },
    async stop() {
      await queue?.stop();
      queue = undefined;
    },
    async send({ to, from, notify, prefix: before = '', original, text = TEXT, ...rest }) {
      const queueId = newReceiptId(clock.nowMs());
      const bytes = Buffer.from(text);
      const prefix = Buffer.from(before);
      const recipients = to.map((address) => {
        const [localPart = '', domain = ''] = address.split('@');
        return { localPart, domain, notify, originalRecipient: original };
      });
      const outgoing: Outgoing = {
        queueId,
        account: 1 as AccountId,
        sender: from ?? 'jan@here.test',
        recipients,
        body: 0,
        sizeBytes: prefix.length + bytes.length,
        prefix,
        isEightBit: false,
        smtpUtf8: false,
        ret: undefined,
        envelopeId: undefined,
        nowMs: clock.nowMs(),
        ...rest,
      };
      await store.commit(testEnqueue, outgoing, [{ bytes }]);
      return queueId;
    },
    wake: () => store.commit(testNotify, {}),
    settled: () => until(async () => (await store.query(listQueued({}, '', 1))).queued.length === 0),
    queued: async () => (await store.query(listQueued({}, '', 1000))).queued,
    async recipient(queueId, isSo) {
      let found: QueuedRecipient | undefined;
      await until(async () => {
        found = (await store.query(readQueued(queueId)))?.recipients[0];
        return found !== undefined && isSo(found);
      });
      return found ?? assert.fail();
    },
    async notices() {
      const found = await store.query(
        all<{ blob: number; length: number }>(sql`SELECT m.blob, b.length FROM message AS m JOIN blob AS b ON b.blob = m.blob ORDER BY m.email`),
      );
      return await Promise.all(
        found.map(async ({ blob, length }) => (await store.readBlob(blob as Parameters<typeof store.readBlob>[0], 0, length)).toString()),
      );
    },
    references: async () => (await store.query(all<{ refs: number }>(sql`SELECT refs FROM blob`))).map(({ refs }) => refs),
    async trail(queueId) {
      const found = await store.query(
        all<{ event: string; recipients: string; details: string }>(
          sql`SELECT event, recipients, details FROM trail WHERE queue_id = ${queueId} ORDER BY trail`,
        ),
      );
      return found.map(({ event, recipients, details }) => ({
        event,
        recipients: (JSON.parse(recipients) as ReadonlyArray<readonly [string]>).map(([address]) => address),
        details: JSON.parse(details) as Record<string, unknown>,
      }));
    },
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
  if (options.isIdle !== true) house.start();
  return house;
}

/** Waits for something that other threads or peers bring about. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let look = 0; look < 1000; look++) {
    if (await isSo()) return;
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
  }
  assert.fail('it did not come true in 10 s');
}
