/**
 * Counts how sessions went, for TLS reports: in memory, written down now and then and at the end. A crash loses a minute of counting, never mail.
 *
 * RFC 8460 §3, §4
 */
import { createHash } from 'node:crypto';
import type { Clock } from '#core/clock.ts';
import type { Log } from '#log/log.ts';
import { defineMutation, type Mutation } from '#store/mutation.ts';
import { all, type Program, run, sql } from '#store/sql.ts';
import type { Store } from '#store/store.ts';
import type { ReportedPolicy, TlsFailure, TlsResult } from './result-types.ts';

const FLUSH_EVERY_MS = 60_000;
/** Counters held; with more they are written at once. */
const MOST_HELD = 500;
/** Ways to fail that are told apart for one domain in a day; what is beyond them is counted without details. */
const MOST_FAILURES = 100;
const DOMAINS_REMEMBERED = 5000;
/** Octets of a policy in a report. */
const KEPT_POLICY = 4096;
const SLICE = 500;

interface Counter {
  readonly day: string;
  readonly domain: string;
  readonly policyId: string;
  readonly policy: string;
  readonly ending: string;
  sessions: number;
}

export class TlsResults implements AsyncDisposable {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #timer: NodeJS.Timeout;
  #counters = new Map<string, Counter>();
  /** The ways to fail that have been seen today, by domain. */
  readonly #seen = new Map<string, Set<string>>();
  #day = '';
  #writing: Promise<void> = Promise.resolve();

  constructor({ store, clock, log }: { readonly store: Store; readonly clock: Clock; readonly log: Log }) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
    this.#timer = setInterval(() => void this.flush(), FLUSH_EVERY_MS);
    this.#timer.unref();
  }

  /** Counts one session. Never waits. */
  record({ domain, policy, failure }: TlsResult): void {
    const day = new Date(this.#clock.nowMs()).toISOString().slice(0, 10);
    const policyText = JSON.stringify(bounded(policy));
    const policyId = createHash('sha256').update(policyText).digest('hex').slice(0, 16);
    const ending = failure ? this.#endingOf(day, domain, failure) : '';
    const key = `${day} ${domain} ${policyId} ${ending}`;
    const counter = this.#counters.get(key);
    if (counter) {
      counter.sessions++;
      return;
    }
    this.#counters.set(key, { day, domain, policyId, policy: policyText, ending, sessions: 1 });
    if (this.#counters.size >= MOST_HELD) void this.flush();
  }

  /** Writes down what was counted; what cannot be written is tried again with the next. Throws nothing. */
  flush(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
  }

  #endingOf(day: string, domain: string, failure: TlsFailure): string {
    if (day !== this.#day || this.#seen.size >= DOMAINS_REMEMBERED) this.#seen.clear();
    this.#day = day;
    const seen = this.#seen.get(domain) ?? new Set();
    this.#seen.set(domain, seen);
    const ending = JSON.stringify({ ...failure, reason: failure.reason?.slice(0, 200) });
    if (!seen.has(ending) && seen.size >= MOST_FAILURES) return JSON.stringify({ type: failure.type });
    seen.add(ending);
    return ending;
  }

  /** Into the next writing; where too much waits already, it is lost. */
  #countAgain(counter: Counter): void {
    const { day, domain, policyId, ending } = counter;
    const key = `${day} ${domain} ${policyId} ${ending}`;
    const known = this.#counters.get(key);
    if (known) known.sessions += counter.sessions;
    else if (this.#counters.size < 2 * MOST_HELD) this.#counters.set(key, counter);
  }

  async #write(): Promise<void> {
    if (this.#counters.size === 0) return;
    const counters = [...this.#counters.values()];
    this.#counters = new Map();
    for (let first = 0; first < counters.length; first += SLICE) {
      const slice = counters.slice(first, first + SLICE);
      try {
        await this.#store.commit(countTlsSessions, { counts: slice });
      } catch (error) {
        this.#log.error('queue.failed', error, { counts: slice.length });
        for (const counter of slice) this.#countAgain(counter);
      }
    }
  }
}

interface CountTlsSessions {
  readonly counts: readonly Readonly<Counter>[];
}

export const countTlsSessions: Mutation<CountTlsSessions, void> = defineMutation('transport-security.count', function* (_tx, { counts }: CountTlsSessions) {
  for (const { day, domain, policyId, policy, ending, sessions } of counts) {
    yield* run(sql`INSERT INTO tls_report_policy (day, domain, policy_id, policy) VALUES (${day}, ${domain}, ${policyId}, ${policy}) ON CONFLICT DO NOTHING`);
    yield* run(
      sql`INSERT INTO tls_report_count (day, domain, policy_id, ending, sessions) VALUES (${day}, ${domain}, ${policyId}, ${ending}, ${sessions})
          ON CONFLICT DO UPDATE SET sessions = sessions + excluded.sessions`,
    );
  }
});

/** What sessions with one domain came to on one day, under one policy. */
export interface TlsDayResult {
  readonly day: string;
  readonly domain: string;
  readonly policy: ReportedPolicy;
  readonly successes: number;
  readonly failures: readonly (TlsFailure & { readonly sessions: number })[];
}

/** The domains of a day in alphabetical order, behind `after` ('' from the beginning). */
export function* listTlsDomains(day: string, after: string, limit: number): Program<readonly string[]> {
  const found = yield* all<{ domain: string }>(
    sql`SELECT DISTINCT domain FROM tls_report_policy WHERE day = ${day} AND domain > ${after} ORDER BY domain LIMIT ${limit}`,
  );
  return found.map(({ domain }) => domain);
}

/** What is known of one domain on one day (`2026-11-23`, UTC): one result for each policy. */
export function* readTlsResults(day: string, domain: string): Program<readonly TlsDayResult[]> {
  const policies = yield* all<{ policy_id: string; policy: string }>(
    sql`SELECT policy_id, policy FROM tls_report_policy WHERE day = ${day} AND domain = ${domain} ORDER BY policy_id LIMIT 20`,
  );
  const results: TlsDayResult[] = [];
  for (const { policy_id: policyId, policy } of policies) {
    const counts = yield* all<{ ending: string; sessions: number }>(
      sql`SELECT ending, sessions FROM tls_report_count WHERE day = ${day} AND domain = ${domain} AND policy_id = ${policyId} ORDER BY ending LIMIT 1000`,
    );
    results.push({
      day,
      domain,
      policy: JSON.parse(policy) as ReportedPolicy,
      successes: counts.find(({ ending }) => ending === '')?.sessions ?? 0,
      failures: counts.flatMap(({ ending, sessions }) => (ending === '' ? [] : [{ ...(JSON.parse(ending) as TlsFailure), sessions }])),
    });
  }
  return results;
}

/** Forgets a domain's day after its report is sent, or, without a domain, every day before this one; in slices. Returns how many rows went. */
export const removeTlsResults: Mutation<{ readonly day: string; readonly domain?: string | undefined }, number> = defineMutation(
  'transport-security.remove-results',
  function* (_tx, { day, domain }) {
    if (domain !== undefined) {
      const counts = yield* run(sql`DELETE FROM tls_report_count WHERE day = ${day} AND domain = ${domain}`);
      return counts + (yield* run(sql`DELETE FROM tls_report_policy WHERE day = ${day} AND domain = ${domain}`));
    }
    const counts = yield* run(
      sql`DELETE FROM tls_report_count WHERE (day, domain, policy_id, ending) IN
            (SELECT day, domain, policy_id, ending FROM tls_report_count WHERE day < ${day} LIMIT ${SLICE})`,
    );
    const policies = yield* run(
      sql`DELETE FROM tls_report_policy WHERE (day, domain, policy_id) IN
            (SELECT day, domain, policy_id FROM tls_report_policy WHERE day < ${day} LIMIT ${SLICE})`,
    );
    return counts + policies;
  },
);

function bounded({ type, strings, mxHosts }: ReportedPolicy): ReportedPolicy {
  const kept: string[] = [];
  let size = 0;
  for (const text of strings) {
    size += text.length;
    if (size > KEPT_POLICY) break;
    kept.push(text);
  }
  return { type, strings: kept, mxHosts: mxHosts.slice(0, 50) };
}
