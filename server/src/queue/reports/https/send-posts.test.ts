/** TLS reports by HTTPS, to a real server on loopback: who gets them, what counts as taken, and how long it is tried. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { suite, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { FakeClock } from '#core/clock.ts';
import { all, sql } from '#store/sql.ts';
import { FakeDns } from '../../../../test/support/dns.ts';
import { MemoryLog } from '../../../../test/support/log.ts';
import { type ReportCollector, startReportCollector } from '../../../../test/support/report-collector.ts';
import { TEST_REPORT_SETTINGS } from '../../../../test/support/reports.ts';
import { openTestStore, type TestStore } from '../../../../test/support/store.ts';
import { QUEUE_MUTATIONS } from '../../mutations.ts';
import { TRANSPORT_SECURITY_MUTATIONS } from '../../transport-security/mutations.ts';
import { countTlsSessions } from '../../transport-security/tls-results.ts';
import { sendReports } from '../send.ts';
import { DAY_MS, type ReportServices } from '../settings.ts';
import { httpsDestination } from './destination.ts';
import { type PostServices, sendPosts } from './send-posts.ts';

const TODAY_MS = Date.UTC(2026, 10, 23, 3);
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const { signal } = new AbortController();

suite('a TLS report by HTTPS', () => {
  test('goes to each address of the record, in its order, mail and HTTPS, with one id', async () => {
    await using house = await openHouse((port) => `mailto:tls@far.example, https://tls.far.example:${port}/v1, https://tls.far.example:${port}/v2`);
    await house.run();
    const [first, second, ...others] = house.collector.posts;
    deepEqual([first?.path, second?.path, others], ['/v1', '/v2', []]);
    deepEqual(
      [first?.method, first?.headers['content-type'], first?.headers['content-length'], first?.headers['content-encoding']],
      ['POST', 'application/tlsrpt+gzip', String(first?.body.length), undefined],
    );
    ok(first?.body.equals(second?.body ?? Buffer.alloc(0)));
    const report = JSON.parse(gunzipSync(first?.body ?? Buffer.alloc(0)).toString()) as Record<string, unknown>;
    deepEqual(
      [report['contact-info'], report['policies']],
      [
        'postmaster@capri.example',
        [
          {
            policy: { 'policy-type': 'no-policy-found', 'policy-domain': 'far.example' },
            summary: { 'total-successful-session-count': 3, 'total-failure-session-count': 0 },
          },
        ],
      ],
    );
    deepEqual(await house.mailed(), [{ queue_id: report['report-id'], address: 'tls@far.example' }]);
    deepEqual(
      (await house.trail()).map(({ event, recipients }) => `${event} ${recipients.join(' ')}`),
      [
        `queued tls@far.example https://tls.far.example:${house.collector.port}/v1 https://tls.far.example:${house.collector.port}/v2`,
        `delivered https://tls.far.example:${house.collector.port}/v1`,
        `delivered https://tls.far.example:${house.collector.port}/v2`,
      ],
    );
    await house.run();
    equal(house.collector.posts.length, 2, 'what was taken is not sent again');
  });

  test('is tried again with growing pauses where it is not taken, and given up after a day', async () => {
    await using house = await openHouse((port) => `https://tls.far.example:${port}/`);
    house.collector.status = 503;
    await house.run();
    equal(house.collector.posts.length, 1);
    await house.run();
    equal(house.collector.posts.length, 1, 'not at once');
    const startMs = house.clock.nowMs();
    const afterMinutes: number[] = [];
    for (let known = 1; house.clock.nowMs() < startMs + 30 * HOUR_MS; known = house.collector.posts.length) {
      house.clock.advance(MINUTE_MS);
      await sendPosts(house.services, signal);
      if (house.collector.posts.length > known) afterMinutes.push((house.clock.nowMs() - startMs) / MINUTE_MS);
    }
    deepEqual(afterMinutes, [5, 15, 35, 75, 155, 315, 555, 795, 1035, 1275, 1440]);
    ok(
      house.collector.posts.every(({ body }) => body.equals(house.collector.posts[0]?.body ?? Buffer.alloc(0))),
      'always the same report',
    );
    const events = await house.trail();
    deepEqual([events.at(-1)?.event, events.at(-1)?.details['reply']], ['bounced', 'HTTP 503 Service Unavailable']);
    equal(events.filter(({ event }) => event === 'deferred').length, 11);
  });

  test('is taken with any 2xx, and goes out later where the first attempts failed', async () => {
    await using house = await openHouse((port) => `https://tls.far.example:${port}/`);
    house.dns.faults.failing = ['tls.far.example'];
    await house.run();
    equal(house.collector.posts.length, 0);
    match(String((await house.trail()).at(-1)?.details['reply']), /^tls\.far\.example: /);
    house.dns.faults.failing = [];
    house.renew();
    house.clock.advance(HOUR_MS);
    house.collector.status = 202;
    await house.run();
    equal(house.collector.posts.length, 1);
    deepEqual((await house.trail()).at(-1)?.details['reply'], 'HTTP 202 Accepted');
    house.clock.advance(DAY_MS);
    await house.run();
    equal(house.collector.posts.length, 1);
  });

  test('goes to nobody who cannot prove to be the one meant, who sends it elsewhere, who wants to speak something else, who keeps silent, or who is not on the public internet', async () => {
    const why = async (change: (house: House) => void): Promise<string> => {
      await using house = await openHouse((port) => `https://tls.far.example:${port}/`);
      change(house);
      await house.run();
      const [event] = (await house.trail()).slice(-1);
      equal(event?.event, 'deferred');
      return String(event?.details['reply']);
    };
    match(await why((house) => (house.poster.ca = undefined)), /unable to verify|self.signed/i);
    const renamed = await why((house) => {
      house.dns.zone['_smtp._tls.far.example'] = { TXT: [`v=TLSRPTv1; rua=https://other.example:${house.collector.port}/`] };
      house.dns.zone['other.example'] = { A: ['127.0.0.1'] };
    });
    match(renamed, /altnames/i);
    equal(
      await why((house) => {
        house.collector.status = 307;
        house.collector.location = `https://tls.far.example:${house.collector.port}/elsewhere`;
      }),
      'HTTP 307 Temporary Redirect',
    );
    equal(await why((house) => (house.collector.status = 101)), 'HTTP 101 Switching Protocols');
    match(await why((house) => (house.collector.isSilent = true)), /no answer in time/);
    match(await why((house) => (house.poster.isAllowed = () => false)), /no address on the public internet/);
  });

  test('an endless answer is not listened to', async () => {
    await using house = await openHouse((port) => `https://tls.far.example:${port}/`);
    house.collector.isEndless = true;
    await house.run();
    equal((await house.trail()).at(-1)?.event, 'delivered');
    await house.collector.idle();
  });
});

test('addresses that are none for reports: an IP address however it is written, a sign-in, the ports of other services', () => {
  for (const uri of ['https://tls.example/', 'HTTPS://tls.example:8443/a?b=c', 'https://xn--kda4b0koi.example/']) ok(httpsDestination(uri), uri);
  for (const uri of [
    'http://tls.example/',
    'https://127.0.0.1/',
    'https://0x7f.1/',
    'https://2130706433/',
    'https://[::1]/',
    'https://[::ffff:7f00:1]/',
    'https://localhost/',
    'https://tls.example./',
    'https://user@tls.example/',
    'https://:pw@tls.example/',
    'https://tls.example:25/',
    'https://tls.example:99999/',
    'https:///x',
    `https://tls.example/${'x'.repeat(2000)}`,
  ])
    equal(httpsDestination(uri), undefined, uri);
  equal(httpsDestination('https://tls.example/a#b')?.href, 'https://tls.example/a');
});

interface House extends AsyncDisposable {
  readonly clock: FakeClock;
  readonly dns: FakeDns;
  readonly collector: ReportCollector;
  readonly services: PostServices;
  /** What is allowed to it, to be changed. */
  readonly poster: { ca: string | undefined; isAllowed: (address: string) => boolean };
  /** A resolver that remembers nothing. */
  renew(): void;
  /** What the jobs do: reports of the day before are made, what is due is sent. */
  run(): Promise<void>;
  mailed(): Promise<readonly unknown[]>;
  trail(): Promise<ReadonlyArray<{ readonly event: string; readonly recipients: readonly string[]; readonly details: Readonly<Record<string, unknown>> }>>;
}

async function openHouse(rua: (port: number) => string): Promise<House> {
  const stack = new AsyncDisposableStack();
  const { store }: TestStore = stack.use(await openTestStore({ mutations: [...QUEUE_MUTATIONS, ...TRANSPORT_SECURITY_MUTATIONS] }));
  const collector = stack.use(await startReportCollector(['tls.far.example']));
  const dns = stack.use(
    await FakeDns.start({
      '_smtp._tls.far.example': { TXT: [`v=TLSRPTv1; rua=${rua(collector.port)}`] },
      'tls.far.example': { A: ['127.0.0.1'] },
    }),
  );
  const clock = new FakeClock(TODAY_MS);
  const log = new MemoryLog();
  let resolver = dns.resolver();
  const poster = {
    ca: collector.ca as string | undefined,
    timeoutMs: 1000,
    isAllowed: (address: string): boolean => address === '127.0.0.1',
    get resolver() {
      return resolver;
    },
  };
  const services: ReportServices & PostServices = {
    store,
    clock,
    log,
    poster,
    get resolver() {
      return resolver;
    },
    settings: TEST_REPORT_SETTINGS,
  };
  const policy = JSON.stringify({ type: 'no-policy-found', strings: [], mxHosts: [] });
  await store.commit(countTlsSessions, { counts: [{ day: '2026-11-22', policyId: 'p', policy, domain: 'far.example', ending: '', sessions: 3 }] });
  return {
    clock,
    dns,
    collector,
    services,
    poster,
    renew() {
      resolver = dns.resolver();
    },
    async run() {
      await sendReports(services, signal);
      await sendPosts(services, signal);
    },
    mailed: () => store.query(all(sql`SELECT queue_id, local_part || '@' || domain AS address FROM queue_recipient`)),
    async trail() {
      const found = await store.query(
        all<{ event: string; recipients: string; details: string }>(sql`SELECT event, recipients, details FROM trail ORDER BY trail`),
      );
      return found.map(({ event, recipients, details }) => ({
        event,
        recipients: (JSON.parse(recipients) as ReadonlyArray<readonly [string]>).map(([address]) => address),
        details: JSON.parse(details) as Record<string, unknown>,
      }));
    },
    [Symbol.asyncDispose]: () => stack[Symbol.asyncDispose](),
  };
}
