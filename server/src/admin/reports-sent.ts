/** Our reports to other servers: what was sent and whether it has arrived, and sending those of a day now instead of in the night. */
import { z } from 'zod';
import { DomainError } from '#core/errors.ts';
import { lastDay, sendDay } from '#queue/reports/send.ts';
import { DAYS_KEPT, listSent, type ReportKind } from '#queue/reports/sent.ts';
import { dayOf, dayStartMs, DAY_MS } from '#queue/reports/settings.ts';
import type { Store } from '#store/store.ts';
import { findTrail } from '#trail/find.ts';
import type { TrailEntry } from '#trail/entry.ts';
import { operation } from './define.ts';
import type { AnyOperation } from './operation.ts';

const DEFAULT_DAYS = 7;
/** Reports that are shown: the trail is asked about each. */
const MOST_SHOWN = 200;
/** How long an attempt can follow the making of a report. */
const LONGEST_MS = 10 * DAY_MS;

export interface ShownQueuedReport {
  readonly kind: ReportKind;
  readonly domain: string;
  /** `capri trail` tells of it. */
  readonly id: string;
  /** Addresses and `https:` URIs. */
  readonly to: readonly string[];
}

export interface ShownSending {
  /** UTC. */
  readonly day: string;
  readonly reports: readonly ShownQueuedReport[];
  /** Domains that the DNS said nothing about; they are asked again. */
  readonly later: number;
}

export interface ShownSentReport {
  readonly kind: ReportKind;
  /** UTC. */
  readonly day: string;
  readonly domain: string;
  readonly id: string;
  readonly at: string;
  readonly to: ReadonlyArray<{
    readonly address: string;
    readonly state: 'waiting' | 'delivered' | 'failed';
    /** What the other side said last, or why it was not reached; empty before the first attempt. */
    readonly said: string;
  }>;
}

const kind = z.enum(['dmarc', 'tls']);
const queuedReport: z.ZodType<ShownQueuedReport> = z.object({ kind, domain: z.string(), id: z.string(), to: z.array(z.string()).readonly() });
const sentReport: z.ZodType<ShownSentReport> = z.object({
  kind,
  day: z.string(),
  domain: z.string(),
  id: z.string(),
  at: z.string(),
  to: z.array(z.object({ address: z.string(), state: z.enum(['waiting', 'delivered', 'failed']), said: z.string() })).readonly(),
});

export const sentReportOperations: readonly AnyOperation[] = [
  operation<{ readonly day?: string | undefined }, ShownSending>({
    name: 'reports.send',
    about: 'Send the DMARC and TLS reports of a day that have not been sent',
    permission: 'admin',
    input: z.strictObject({ day: z.string().optional() }),
    output: z.object({ day: z.string(), reports: z.array(queuedReport).readonly(), later: z.number() }),
    async run({ store, clock, log, resolver, reports: settings }, { day: asked }) {
      const nowMs = clock.nowMs();
      const day = asked ?? lastDay(nowMs);
      refuseDay(day, nowMs);
      const services = { store, clock, log, resolver: await resolver(), settings };
      const kinds: readonly ReportKind[] = [...(settings.sendsDmarc ? (['dmarc'] as const) : []), ...(settings.sendsTls ? (['tls'] as const) : [])];
      const reports: ShownQueuedReport[] = [];
      let later = 0;
      for (const one of kinds) {
        const sent = await sendDay(services, { kind: one, day }, new AbortController().signal);
        reports.push(...sent.reports.map(({ domain, id, to }) => ({ kind: one, domain, id, to })));
        later += sent.later;
      }
      return { day, reports, later };
    },
  }),
  operation<{ readonly days?: number | undefined }, readonly ShownSentReport[]>({
    name: 'reports.sent',
    about: 'The DMARC and TLS reports that were sent to other servers, and whether they have arrived',
    permission: 'admin',
    input: z.strictObject({ days: z.int().min(1).max(60).optional() }),
    output: z.array(sentReport),
    async run({ store, clock }, { days = DEFAULT_DAYS }) {
      const sent = await store.query(listSent(dayOf(clock.nowMs() - days * DAY_MS), MOST_SHOWN));
      const shown: ShownSentReport[] = [];
      for (const { sentAtMs, ...report } of sent)
        shown.push({ ...report, at: new Date(sentAtMs).toISOString(), to: await outcomes(store, report.id, sentAtMs) });
      return shown;
    },
  }),
];

/** Throws DomainError. */
function refuseDay(day: string, nowMs: number): void {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day) || Number.isNaN(dayStartMs(day)) || dayOf(dayStartMs(day)) !== day)
    throw new DomainError('bad-request', `"${day}" is no day such as ${lastDay(nowMs)}`);
  if (day > lastDay(nowMs))
    throw new DomainError(
      'bad-request',
      `${day} (UTC) is not over; the reports of a day can be sent an hour after its end, and those of ${lastDay(nowMs)} now`,
    );
  if (day < dayOf(nowMs - DAYS_KEPT * DAY_MS))
    throw new DomainError('bad-request', `${day} (UTC) is too long ago: of more than ${DAYS_KEPT} days ago it is not known any more what was sent`);
}

async function outcomes(store: Store, id: string, sentAtMs: number): Promise<ShownSentReport['to']> {
  const entries = await findTrail(store, id, { fromMs: sentAtMs - 1000, toMs: sentAtMs + LONGEST_MS });
  const queued = entries.find(({ event }) => event === 'queued');
  return (queued?.recipients ?? []).map(({ address }) => ({ address, ...outcomeOf(entries, address) }));
}

const STATES: Readonly<Partial<Record<TrailEntry['event'], 'waiting' | 'delivered' | 'failed'>>> = {
  delivered: 'delivered',
  deferred: 'waiting',
  bounced: 'failed',
  suppressed: 'failed',
  dropped: 'failed',
};

function outcomeOf(entries: readonly TrailEntry[], address: string): Pick<ShownSentReport['to'][number], 'state' | 'said'> {
  const last = entries.findLast(({ event, recipients }) => STATES[event] !== undefined && recipients.some((recipient) => recipient.address === address));
  const { host, reply } = last?.details ?? {};
  const said = typeof reply === 'string' ? reply : '';
  return { state: (last && STATES[last.event]) ?? 'waiting', said: typeof host === 'string' && said !== '' ? `${host}: ${said}` : said };
}
