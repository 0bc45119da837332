import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '#core/clock.ts';
import type { BlobId } from '#core/ids.ts';
import { MemoryLog } from '../../test/support/log.ts';
import { openTestStore } from '../../test/support/store.ts';
import { MessageContent } from './content.ts';
import { type Told, tellSender } from './notice.ts';
import type { QueuedMessage } from './queue-rows.ts';
import { DEFAULT_QUEUE_SETTINGS, type QueueServices } from './settings.ts';

test('a message that cannot be read is waited for until its time is over; then its sender is told without it', async () => {
  await using place = await openTestStore({});
  const clock = new FakeClock();
  const settings = { ...DEFAULT_QUEUE_SETTINGS, hostname: 'mail.here.test', domain: 'here.test' };
  const services: QueueServices = {
    store: place.store,
    transport: { connect: () => Promise.reject(new Error('nobody is asked')) },
    clock,
    log: new MemoryLog(),
    settings,
    owner: 'test',
    isLocalDomain: () => Promise.resolve(false),
    resolveLocal: () => Promise.resolve(undefined),
  };
  const message: QueuedMessage = {
    queueId: 'q',
    account: undefined,
    sender: 'jan@far.test',
    blob: 12_345 as BlobId,
    bodyBytes: 100,
    prefix: new Uint8Array(0),
    isEightBit: false,
    smtpUtf8: false,
    ret: undefined,
    envelopeId: undefined,
    tlsNeed: undefined,
    priority: 4,
    deliverBy: { atMs: Date.UTC(2026, 10, 23, 12), mode: 'R', isTraced: false },
    createdAtMs: clock.nowMs(),
    releaseAtMs: undefined,
    hold: undefined,
    forward: undefined,
  };
  const told: Told = {
    recipient: {
      n: 0,
      localPart: 'a',
      domain: 'one.test',
      notify: undefined,
      originalRecipient: undefined,
      attempts: 9,
      dueAtMs: undefined,
      isHeld: false,
      isLeased: true,
      isDelayTold: true,
      triedAtMs: undefined,
      lastStatus: undefined,
      lastHost: undefined,
      lastReply: undefined,
    },
    outcome: { kind: 'deferred', status: '4.3.0', reply: 'The message could not be read', host: undefined },
    verdict: { kind: 'done', dueAtMs: 0, tell: 'failed', status: '4.4.7' },
  };
  const tell = (): ReturnType<typeof tellSender> => tellSender(services, message, new MessageContent(place.store, message), [told]);
  await assert.rejects(tell());
  clock.advance(settings.giveUpAfterMs);
  const notice = await tell();
  assert.equal(notice?.kind, 'outgoing');
  assert.match(Buffer.from(notice?.bytes ?? []).toString(), /Action: failed\r\nStatus: 4\.4\.7/);
  assert.match(Buffer.from(notice?.bytes ?? []).toString(), /\r\nDeliver-By-Date: Mon, 23 Nov 2026 12:00:00 \+0000\r\n/);
  assert.equal(notice?.kind === 'outgoing' && notice.outgoing.priority, 4, 'a notice is as urgent as what it tells of');
});
