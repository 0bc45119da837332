/**
 * Reads the mails that may hold reports, one after the other, each in a thread of its own with bounded memory and time: whatever somebody has packed into a mail, the
 * server goes on. What cannot be read stays in its mailbox for a person.
 */
import { Worker } from 'node:worker_threads';
import { areOneOrganization } from '#authenticity/dmarc/tree-walk.ts';
import { domainToName } from '#authenticity/domain-name.ts';
import { DomainError } from '#core/errors.ts';
import { DnsError, type Resolver } from '#net/dns/resolver.ts';
import { readMessage } from '#store/read-messages.ts';
import { findTrail } from '#trail/find.ts';
import type { TrailEntry } from '#trail/entry.ts';
import { type ReportMail, readReportMailsWaiting } from './intake.ts';
import { keepReports, type KeptComplaint, type KeptReport, pruneReports } from './keep.ts';
import type { FeedbackReport } from './read/feedback-report.ts';
import type { ReadMail } from './read/report-mail.ts';
import { DAY_MS, type ReportServices } from './settings.ts';
import { keepDmarc, keepFailure, keepTls } from './summary.ts';

export type ReadServices = Pick<ReportServices, 'store' | 'clock' | 'log' | 'resolver'> & {
  isLocalDomain(domain: string): Promise<boolean>;
};

const PAGE = 20;
const MOST_BYTES = 20 * 2 ** 20;
const READ_BYTES = 2 ** 20;
const TIME_LIMIT_MS = 60_000;
const MEMORY_MB = 512;
/** Clocks differ, and some report a day before it is over. A report of a time to come would stand first, and hide others, for years. */
const AHEAD_MS = 2 * DAY_MS;
/** How far back a message that is complained about may lie. */
const COMPLAINT_SPAN_MS = 45 * DAY_MS;
/** Kinds that say that somebody did not want the mail. RFC 5965 §7.3 */
const COMPLAINTS: ReadonlySet<string> = new Set(['abuse', 'fraud', 'virus', 'other', 'opt-out']);

/** Reads what waits. */
export async function readReportMails(services: ReadServices, signal: AbortSignal): Promise<void> {
  for (let found: readonly ReportMail[] = []; ; ) {
    found = await services.store.query(readReportMailsWaiting(PAGE));
    for (const mail of found) {
      signal.throwIfAborted();
      try {
        await readOne(services, mail);
      } catch (error) {
        if (error instanceof DomainError && error.temporary) throw error;
        // One mail must not keep the others from being read; it stays in its mailbox.
        services.log.error('reports.failed', error, { email: mail.email });
        const nothing = { email: mail.email, origin: '', receivedAtMs: mail.receivedAtMs, nowMs: services.clock.nowMs(), reports: [], complaints: [] };
        await services.store.commit(keepReports, nothing);
      }
    }
    if (found.length < PAGE) return;
  }
}

/** Forgets reports that came before this time. */
export async function forgetReports({ store }: Pick<ReadServices, 'store'>, beforeMs: number): Promise<void> {
  for (let removed = 1; removed > 0; ) removed = await store.commit(pruneReports, { beforeMs });
}

async function readOne(services: ReadServices, mail: ReportMail): Promise<void> {
  const { store, clock, log } = services;
  const { email, origin, receivedAtMs } = mail;
  const octets = await readOctets(services, mail);
  const { reports: found, problems } = octets === undefined ? { reports: [], problems: ['the mail is gone or too large'] } : await readInThread(octets);
  const reports: KeptReport[] = [];
  const complaints: KeptComplaint[] = [];
  const foreign: string[] = [];
  const ahead: string[] = [];
  for (const one of found) {
    const kept =
      one.kind === 'dmarc'
        ? [keepDmarc(one.report)]
        : one.kind === 'tls'
          ? keepTls(one.report)
          : isComplaint(one.report)
            ? []
            : [keepFailure(one.report, origin, receivedAtMs)];
    for (const report of kept) {
      // Anybody can send a report about anything.
      if (report.endMs > receivedAtMs + AHEAD_MS || report.endMs < 0) ahead.push(report.domain);
      else if (await services.isLocalDomain(report.domain)) reports.push(report);
      else foreign.push(report.domain);
    }
    if (one.kind === 'feedback' && isComplaint(one.report)) complaints.push(...(await complaintOf(services, one.report, origin)));
  }
  await store.commit(keepReports, { email, origin, receivedAtMs, nowMs: clock.nowMs(), reports: reports.slice(0, 40), complaints });
  for (const { kind, domain, organization, passed, failed } of reports) log.info('reports.read', { kind, domain, organization, passed, failed, origin });
  for (const { kind, queueId } of complaints) log.info('reports.read', { kind: 'complaint', feedback: kind, queueId, origin });
  if (problems.length > 0 || foreign.length > 0 || ahead.length > 0)
    log.warn('reports.failed', {
      email,
      cause: [
        ...problems,
        ...foreign.map((domain) => `about ${domain.slice(0, 100)}, which is not ours`),
        ...ahead.map((domain) => `about ${domain.slice(0, 100)}, of a time that is not over`),
      ]
        .slice(0, 5)
        .join('; '),
    });
}

async function readOctets({ store }: ReadServices, { email }: ReportMail): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const message = await store.query(readMessage(email));
  if (message === undefined) return undefined;
  const length = message.size - message.prefix.length;
  if (length > MOST_BYTES) return undefined;
  // In memory of its own, which goes over to the thread.
  const octets = new Uint8Array(length);
  for (let at = 0; at < length; at += READ_BYTES) octets.set(await store.readBlob(message.blob, at, Math.min(READ_BYTES, length - at)), at);
  return octets;
}

/** Never throws: a thread that dies of what it reads is a mail that cannot be read. */
function readInThread(mail: Uint8Array<ArrayBuffer>): Promise<ReadMail> {
  return new Promise((resolve) => {
    const worker = new Worker(new URL('./read-thread.ts', import.meta.url), {
      workerData: { mail },
      transferList: [mail.buffer],
      resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
    });
    let isOver = false;
    const end = (result: ReadMail): void => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      void worker.terminate();
      resolve(result);
    };
    const failed = (cause: string): void => end({ reports: [], problems: [cause] });
    const timer = setTimeout(() => failed('reading it takes too long'), TIME_LIMIT_MS);
    worker.on('message', end);
    worker.on('error', (error: unknown) => failed(error instanceof Error ? error.message : String(error)));
    worker.on('exit', () => failed('the thread that reads it ended'));
  });
}

function isComplaint({ kind }: FeedbackReport): boolean {
  return COMPLAINTS.has(kind);
}

/**
 * Whose message it is about: found by our own ids in its header, and only if an account here has sent it. A complaint whose own author is not proved (DMARC) counts for
 * nothing: anybody could have an account put on hold.
 */
async function complaintOf({ store, clock, resolver }: ReadServices, report: FeedbackReport, origin: string): Promise<readonly KeptComplaint[]> {
  if (origin === '') return [];
  const nowMs = clock.nowMs();
  const span = { fromMs: nowMs - COMPLAINT_SPAN_MS, toMs: nowMs, limit: 20 };
  for (const key of [...report.receivedIds, report.messageId].filter((id) => id !== '').slice(0, 10)) {
    const sent = (await findTrail(store, key, span)).find((entry) => entry.event === 'queued' && entry.by !== undefined);
    if (sent?.by === undefined) continue;
    const named = complainer(report, sent);
    const recipient = (await mayComplainFor(resolver, origin, named)) ? named : '';
    return [{ account: sent.by, queueId: sent.queueId, kind: report.kind, recipient, origin }];
  }
  return [];
}

/** The recipient who complained, as far as the report lets it be known: one of those that the message went to. */
function complainer({ originalRecipient }: FeedbackReport, { recipients }: TrailEntry): string {
  const addresses = recipients.map(({ address }) => address.toLowerCase());
  if (addresses.includes(originalRecipient)) return originalRecipient;
  return addresses.length === 1 && originalRecipient === '' ? (addresses[0] ?? '') : '';
}

/**
 * Whether a report of this origin may speak for an address: only for one of its own organization. Who reads a list knows the ids of its mail too, and could have the
 * list's address suppressed for an author.
 */
async function mayComplainFor(resolver: Resolver, origin: string, address: string): Promise<boolean> {
  const domain = domainToName(address.slice(address.lastIndexOf('@') + 1));
  const from = domainToName(origin);
  if (address === '' || domain === undefined || from === undefined) return false;
  try {
    return await areOneOrganization(resolver, from, domain);
  } catch (error) {
    if (error instanceof DnsError) return false;
    throw error;
  }
}
