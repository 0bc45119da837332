/**
 * kill -9 at random moments while messages are submitted and sent to three servers (queue-peers.ts): in the end every acknowledged message has reached each of its
 * recipients or has bounced, exactly one notice tells of each bounce, and what came twice was in the air at a kill or on a broken line: it is in the trail as
 * `repeated`. The checker finds nothing.
 *
 * 500 messages; 5,000 where CAPRI_TEST_KILLS is 1,000 or more (`npm run test:crash`). CAPRI_TEST_SEED sets the random choices.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { readConfig } from '#config/read.ts';
import { openOffline } from '#server/offline.ts';
import { all, sql } from '#store/sql.ts';
import { mulberry } from '../support/random.ts';
import { ConnectionLost, SmtpClient } from '../support/line-client.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { type CrashPeer, greylisting, startCrashPeer } from './queue-peers.ts';

const messages = Number(process.env['CAPRI_TEST_KILLS'] ?? 25) >= 1000 ? 5000 : 500;
const seed = Number(process.env['CAPRI_TEST_SEED'] ?? Date.now() % 1_000_000);
const CLIENTS = 4;

test(`${messages} messages arrive or bounce however often the server is killed (seed ${seed})`, { timeout: 120_000 + messages * 600 }, async (t) => {
  const random = mulberry(seed);
  await using quick = await startCrashPeer({ recipient: (address) => (address.startsWith('gone') ? '550 5.1.1 nobody of that name' : undefined) }, random);
  await using slow = await startCrashPeer(greylisting(), random);
  await using wild = await startCrashPeer({ dropRate: 0.03 }, random);
  const peers: Readonly<Record<string, CrashPeer>> = { 'quick.test': quick, 'slow.test': slow, 'wild.test': wild };
  const routes = Object.entries(peers).map(([domain, { port }]) => `[[queue.routes]]\ndomain = "${domain}"\nhost = "127.0.0.1"\nport = ${port}\n`);
  const config = `[queue]\nretry = ["1s"]\nsuppress_after = 0\n${routes.join('')}`;
  const server = await startServer({ accounts: ['ala'], config });

  const sent = new Map<string, Sent>();
  let made = 0;
  const clients = Array.from({ length: CLIENTS }, async () => {
    while (made < messages) {
      try {
        await submit(server, sent, () => (made < messages ? { token: `t${++made}`, to: recipientsOf(made, random) } : undefined));
      } catch (error) {
        if (!isLost(error)) throw error;
        // Away: it is being killed, or started again.
        await pause(50);
      }
    }
  });
  const submitting = Promise.all(clients);
  let isSubmitted = false;
  void submitting.finally(() => (isSubmitted = true));
  let kills = 0;
  for (let left = Math.max(4, messages / 100); left > 0 || !isSubmitted; left--) {
    await pause(300 + random() * 900);
    await server.kill();
    kills++;
    await server.start();
  }
  await submitting;
  await until(async () => (await queued(server)) === 0, 120_000);
  assert.equal(await server.stop(), 0);

  const trail = await trailOf(server);
  let repeats = 0;
  const problems: string[] = [];
  for (const [token, { id, to }] of sent)
    for (const address of to) {
      const domain = address.slice(address.indexOf('@') + 1);
      const count = peers[domain]?.arrivals.get(`${token} ${address}`) ?? 0;
      const bounces = trail.get(`bounced ${id} ${address}`) ?? 0;
      if (address.startsWith('gone') ? bounces !== 1 || (trail.get(`noticed ${id} ${address}`) ?? 0) !== 1 : count === 0)
        problems.push(`${token} to ${address} (${id}): arrived ${count} times, bounced ${bounces} times`);
      if (count > 1) repeats++;
      if (count > 1 + (trail.get(`repeated ${id} ${address}`) ?? 0))
        problems.push(`${token} to ${address} (${id}): arrived ${count} times, and the trail tells of ${trail.get(`repeated ${id} ${address}`) ?? 0} repeats`);
    }
  assert.deepEqual(problems, [], `seed ${seed}`);
  await server[Symbol.asyncDispose]();
  t.diagnostic(`${sent.size} of ${messages} acknowledged, ${kills} kills, ${repeats} arrivals twice, seed ${seed}`);
  assert.ok(sent.size > messages / 2, 'too few were acknowledged to prove much');
});

interface Sent {
  /** The queue's name for it. */
  readonly id: string;
  readonly to: readonly string[];
}

/** Over one connection, until there is nothing more to send. */
async function submit(
  server: TestServer,
  sent: Map<string, Sent>,
  next: () => { readonly token: string; readonly to: readonly string[] } | undefined,
): Promise<void> {
  const client = await SmtpClient.connect(server.ports.submissions, { tls: true, user: 'ala', password: server.password });
  try {
    for (let mail = next(); mail; mail = next()) {
      const { token, to } = mail;
      const from = `ala@${server.domain}`;
      const reply = await client.deliver(
        from,
        to,
        `From: ${from}\r\nTo: many:;\r\nSubject: ${token}\r\nMessage-ID: <${token}@${server.domain}>\r\n\r\ntext of ${token}`,
      );
      const id = /Ok: (\w+)/.exec(reply.lines.join(' '))?.[1];
      if (reply.isOk && id !== undefined) sent.set(token, { id, to });
    }
  } finally {
    client.close();
  }
}

/** One to three recipients at different servers. */
function recipientsOf(n: number, random: () => number): readonly string[] {
  const all = [`${n % 10 === 0 ? 'gone' : 'a'}${n}@quick.test`, `b${n}@slow.test`, `c${n}@wild.test`];
  const first = Math.floor(random() * 3);
  return Array.from({ length: 1 + Math.floor(random() * 3) }, (_, at) => all[(first + at) % 3] ?? '');
}

async function queued(server: TestServer): Promise<number> {
  const { status, output } = await server.capri('queue', 'list', '--json');
  assert.equal(status, 0, output);
  return (JSON.parse(output) as { readonly queued: readonly unknown[] }).queued.length;
}

/** `event id address` to how often the trail has it. */
async function trailOf(server: TestServer): Promise<ReadonlyMap<string, number>> {
  await using offline = await openOffline(readConfig(server.configFile));
  const found = new Map<string, number>();
  for (let after = 0; ; ) {
    const rows = await offline.services.store.query(
      all<{ trail: number; event: string; queue_id: string; recipients: string }>(
        sql`SELECT trail, event, queue_id, recipients FROM trail WHERE trail > ${after} ORDER BY trail LIMIT 1000`,
      ),
    );
    for (const { trail, event, queue_id, recipients } of rows) {
      after = trail;
      for (const [address] of JSON.parse(recipients) as ReadonlyArray<readonly [string]>) {
        const key = `${event} ${queue_id} ${address}`;
        found.set(key, (found.get(key) ?? 0) + 1);
      }
    }
    if (rows.length < 1000) return found;
  }
}

function isLost(error: unknown): boolean {
  return (
    error instanceof ConnectionLost ||
    (error instanceof Error && /ECONNREFUSED|ECONNRESET|EPIPE|closed|socket|sign-in/i.test(`${error.message} ${String(Reflect.get(error, 'code'))}`))
  );
}

async function until(isSo: () => Promise<boolean>, withinMs: number): Promise<void> {
  const endMs = Date.now() + withinMs;
  while (Date.now() < endMs) {
    if (await isSo()) return;
    await pause(500);
  }
  assert.fail(`it did not come true in ${withinMs / 1000} s`);
}
