import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { suite, test } from 'node:test';
import { FakeDns } from '../../../test/support/dns.ts';
import { MemoryLog } from '../../../test/support/log.ts';
import { openTestStore, type TestStore } from '../../../test/support/store.ts';
import { FakeClock } from '#core/clock.ts';
import { issueCertificate, makeAuthority } from '#net/dev-certificate.ts';
import { fetchStsPolicy, PolicyError } from './fetch-policy.ts';
import { TRANSPORT_SECURITY_MUTATIONS } from './mutations.ts';
import { readPolicy } from './policy-rows.ts';
import { StsPolicies } from './sts-policies.ts';

const HOUR_MS = 3_600_000;
const authority = makeAuthority('Policy test', Date.now());
const issued = issueCertificate(authority, ['mta-sts.peer.test'], { nowMs: Date.now() });
const GOOD = 'version: STSv1\nmode: enforce\nmx: mx.peer.test\nmax_age: 604800\n';

suite('the policies of other domains', () => {
  test('are fetched once, kept over a restart, and hold although the record goes or cannot be had', async () => {
    await using house = await open();
    assert.equal((await house.policyFor('peer.test')).policy?.mode, 'enforce');
    assert.equal((await house.policyFor('peer.test')).policy?.id, 'one');
    assert.equal(house.web.requests, 1);
    await house.restart();
    house.dns.zone = {};
    house.clock.advance(24 * HOUR_MS);
    assert.equal((await house.policyFor('peer.test')).policy?.mode, 'enforce');
    house.dns.faults = { failing: ['_mta-sts.peer.test'] };
    house.clock.advance(HOUR_MS);
    assert.equal((await house.policyFor('peer.test')).policy?.mode, 'enforce');
    assert.equal(house.web.requests, 1);
    house.clock.advance(6 * 24 * HOUR_MS);
    assert.equal((await house.policyFor('peer.test')).policy, undefined, 'it has ended');
  });

  test('are fetched anew when the record says so; where that fails the old one holds, and is not tried again at once', async () => {
    await using house = await open();
    await house.policyFor('peer.test');
    house.announce('two');
    house.web.answer = { status: 500, type: 'text/plain', text: '' };
    const failed = await house.policyFor('peer.test');
    assert.deepEqual([failed.policy?.id, failed.failure?.type], ['one', 'sts-policy-fetch-error']);
    house.web.answer = { status: 200, type: 'text/plain', text: GOOD.replace('enforce', 'testing') };
    assert.equal((await house.policyFor('peer.test')).policy?.id, 'one');
    assert.equal(house.web.requests, 2);
    house.clock.advance(HOUR_MS);
    const { policy } = await house.policyFor('peer.test');
    assert.deepEqual([policy?.id, policy?.mode], ['two', 'testing']);
  });

  test('that cannot be had and were never there are none', async () => {
    await using house = await open({ status: 404, type: 'text/plain', text: GOOD });
    const { policy, failure } = await house.policyFor('peer.test');
    assert.deepEqual([policy, failure?.type], [undefined, 'sts-policy-fetch-error']);
    assert.deepEqual(await house.policyFor('other.test'), { policy: undefined, failure: undefined });
  });

  test('are looked after before they end, and forgotten when they have', async () => {
    await using house = await open();
    await house.policyFor('peer.test');
    house.clock.advance(25 * HOUR_MS);
    await house.policies.refresh();
    assert.equal(house.web.requests, 2);
    const kept = await house.store.query(readPolicy('peer.test'));
    assert.equal(kept?.expiresAtMs, house.clock.nowMs() + 604_800_000);
    await house.policies.refresh();
    assert.equal(house.web.requests, 2, 'not before it is due');
    house.dns.zone = {};
    house.clock.advance(8 * 24 * HOUR_MS);
    await house.policies.refresh();
    assert.equal(await house.store.query(readPolicy('peer.test')), undefined);
  });

  test('that are long in coming keep nobody waiting, and protect the next message', async () => {
    await using house = await open({ status: 200, type: 'text/plain', text: GOOD }, { longestWaitMs: 50, timeoutMs: 60_000 });
    const release = house.web.hold();
    const first = await house.policyFor('peer.test');
    assert.deepEqual([first.policy, first.failure?.message], [undefined, 'mta-sts.peer.test: no policy within 1 s']);
    // While it is fetched, and for a while, nobody waits for it again.
    assert.equal((await house.policyFor('peer.test')).failure, first.failure);
    release();
    while (house.web.isHeld || (await house.policyFor('peer.test')).policy === undefined) await new Promise((resolve) => setImmediate(resolve));
    assert.equal((await house.policyFor('peer.test')).policy?.mode, 'enforce');
    assert.equal(house.web.requests, 1);
  });

  test('that are kept hold while a new one is long in coming', async () => {
    await using house = await open({ status: 200, type: 'text/plain', text: GOOD }, { longestWaitMs: 50, timeoutMs: 60_000 });
    await house.policyFor('peer.test');
    house.announce('two');
    const release = house.web.hold();
    const { policy, failure } = await house.policyFor('peer.test');
    assert.deepEqual([policy?.id, failure?.type], ['one', 'sts-policy-fetch-error']);
    release();
    while ((await house.policyFor('peer.test')).policy?.id !== 'two') await new Promise((resolve) => setImmediate(resolve));
  });

  test('asked for by many at once are fetched once', async () => {
    await using house = await open();
    const found = await Promise.all(Array.from({ length: 20 }, () => house.policyFor('peer.test')));
    assert.ok(found.every(({ policy }) => policy?.id === 'one'));
    assert.equal(house.web.requests, 1);
  });
});

suite('a policy is not taken from', () => {
  for (const [name, answer, type] of [
    ['a redirect', { status: 301, type: 'text/plain', text: GOOD, location: 'https://mta-sts.peer.test/' }, 'sts-policy-fetch-error'],
    ['a server that wants to speak something else', { status: 101, type: 'text/plain', text: '' }, 'sts-policy-fetch-error'],
    ['a page', { status: 200, type: 'text/html', text: GOOD }, 'sts-policy-fetch-error'],
    ['an answer without a type', { status: 200, type: '', text: GOOD }, 'sts-policy-fetch-error'],
    ['an answer without an end', { status: 200, type: 'text/plain', text: GOOD.padEnd(1_000_000, '\n') }, 'sts-policy-fetch-error'],
    ['an answer that stops', { status: 200, type: 'text/plain', text: GOOD, isUnfinished: true }, 'sts-policy-fetch-error'],
    ['nonsense', { status: 200, type: 'text/plain', text: 'hello' }, 'sts-policy-invalid'],
  ] as const) {
    test(name, async () => {
      await using house = await open(answer);
      assert.equal((await house.policyFor('peer.test')).failure?.type, type);
    });
  }

  test('a host whose certificate is for another, or is known to nobody, or whose address is not on the public internet', async () => {
    await using house = await open();
    const fetcher = { resolver: house.dns.resolver(), isAllowed: () => true, port: house.web.port, timeoutMs: 2000 };
    const failure = async (domain: string, changed: object): Promise<string> =>
      await fetchStsPolicy({ ...fetcher, ...changed }, domain, new AbortController().signal).then(
        () => 'fetched',
        (error: unknown) => (error instanceof PolicyError ? error.type : String(error)),
      );
    assert.equal(await failure('peer.test', { ca: authority.certificate }), 'fetched');
    assert.equal(await failure('peer.test', {}), 'sts-webpki-invalid');
    assert.equal(await failure('twin.test', { ca: authority.certificate }), 'sts-webpki-invalid');
    assert.equal(await failure('peer.test', { ca: authority.certificate, isAllowed: () => false }), 'sts-policy-fetch-error');
    assert.equal(await failure('missing.test', { ca: authority.certificate }), 'sts-policy-fetch-error');
  });
});

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  readonly location?: string;
  /** It never ends. */
  readonly isUnfinished?: boolean;
}

interface Web {
  readonly port: number;
  requests: number;
  answer: Answer;
  /** Until the returned function is called nothing is answered. */
  hold(): () => void;
  readonly isHeld: boolean;
}

interface House extends AsyncDisposable {
  readonly dns: FakeDns;
  readonly web: Web;
  readonly clock: FakeClock;
  readonly store: TestStore['store'];
  readonly policies: StsPolicies;
  policyFor(domain: string): ReturnType<StsPolicies['policyFor']>;
  announce(id: string): void;
  restart(): Promise<void>;
}

interface Waiting {
  readonly longestWaitMs?: number;
  readonly timeoutMs: number;
}

async function open(
  answer: Answer = { status: 200, type: 'text/plain', text: GOOD },
  { longestWaitMs, timeoutMs }: Waiting = { timeoutMs: 1000 },
): Promise<House> {
  const stack = new AsyncDisposableStack();
  const { store } = stack.use(await openTestStore({ mutations: TRANSPORT_SECURITY_MUTATIONS }));
  const dns = stack.use(await FakeDns.start(zoneWith('one')));
  const { web, server } = await startWeb(answer);
  stack.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  const clock = new FakeClock();
  const make = (): StsPolicies =>
    // A resolver of its own each time: its memory must not stand in for the policies'.
    new StsPolicies({
      store,
      clock,
      log: new MemoryLog(),
      fetcher: {
        resolver: { resolveTxt: (name) => dns.resolver().resolveTxt(name), resolveAddresses: (name) => dns.resolver().resolveAddresses(name) },
        isAllowed: () => true,
        port: web.port,
        timeoutMs,
        ca: authority.certificate,
      },
      longestWaitMs,
    });
  let policies = make();
  stack.defer(() => policies[Symbol.asyncDispose]());
  return {
    dns,
    web,
    clock,
    store,
    get policies() {
      return policies;
    },
    policyFor: (domain) => policies.policyFor(domain),
    announce: (id) => {
      dns.zone = zoneWith(id);
    },
    async restart() {
      await policies[Symbol.asyncDispose]();
      policies = make();
    },
    [Symbol.asyncDispose]: () => stack[Symbol.asyncDispose](),
  };
}

function zoneWith(id: string): FakeDns['zone'] {
  return {
    '_mta-sts.peer.test': { TXT: [`v=STSv1; id=${id};`] },
    'mta-sts.peer.test': { A: ['127.0.0.1'] },
    'mta-sts.twin.test': { A: ['127.0.0.1'] },
  };
}

async function startWeb(answer: Answer): Promise<{ readonly web: Web; readonly server: Server }> {
  let gate: Promise<void> | undefined;
  const server = createServer({ key: issued.key, cert: issued.certificate }, (_request, response) => {
    web.requests++;
    void (gate ?? Promise.resolve()).then(() => {
      const { status, type, text, location, isUnfinished } = web.answer;
      response.writeHead(status, {
        ...(type !== '' && { 'Content-Type': type }),
        ...(location !== undefined && { Location: location }),
        ...(status === 101 && { Connection: 'Upgrade', Upgrade: 'h2c' }),
      });
      if (isUnfinished === true) response.write(text);
      else response.end(text);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const web: Web = {
    port: (server.address() as AddressInfo).port,
    requests: 0,
    answer,
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return () => {
        gate = undefined;
        resolve();
      };
    },
    get isHeld() {
      return gate !== undefined;
    },
  };
  return { web, server };
}
