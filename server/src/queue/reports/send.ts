/**
 * Sends the reports of the days that are over: one for each domain that asks. Can be broken off and run again at any moment: what was sent is not sent twice, what the
 * DNS could not answer is tried again for a day.
 *
 * RFC 9990 §3 (aggregate reports), §4 (external destinations) · RFC 8460 §3, §5
 */
import { isAscii } from 'node:buffer';
import { mayReportTo } from '#authenticity/dmarc/report-permission.ts';
import { newReceiptId } from '#core/receipt-id.ts';
import type { Outgoing } from '../enqueue.ts';
import { listTlsDomains, readTlsResults, removeTlsResults } from '../transport-security/tls-results.ts';
import { collectDmarc } from './dmarc/collect.ts';
import { writeDmarcMail } from './dmarc/report-mail.ts';
import { type DomainTally } from './dmarc/tally.ts';
import { httpsDestination } from './https/destination.ts';
import { mailtoAddress, type ReportAddress } from './mailto.ts';
import { isDone, isSent, noteDay, queueReport, type QueueReport, type ReportKind } from './sent.ts';
import { DAY_MS, dayOf, type ReportServices } from './settings.ts';
import { findTlsReportRecord } from './tls/record.ts';
import { packTlsReport, writeTlsMail } from './tls/report.ts';

/** Addresses that one report goes to. RFC 9990 §3.5: at least two. */
const MOST_ADDRESSES = 4;
/** Octets of a mail; larger reports would be refused anyway. */
const MOST_BYTES = 20 * 2 ** 20;
/** Octets of a report that is posted. */
const MOST_POSTED_BYTES = 2 ** 20;
const PAGE = 100;
/** A day is over when the messages that began to come in it are written down. */
const SETTLE_MS = 3_600_000;
/** Days for which the results of TLS sessions are kept. */
const TLS_DAYS_KEPT = 4;

/** What became of one domain: `later` when the DNS could not say. */
type Sent = 'none' | 'later' | QueuedReport;

/** A report that was queued. */
export interface QueuedReport {
  readonly kind: ReportKind;
  readonly day: string;
  readonly domain: string;
  /** Of the report; `capri trail` tells of it. */
  readonly id: string;
  /** Addresses and URIs. */
  readonly to: readonly string[];
}

export interface SentDay {
  /** In the order of the domains' names; the first thousand. */
  readonly reports: readonly QueuedReport[];
  /** Domains that could not be asked for: another time. */
  readonly later: number;
}

const MOST_TOLD = 1000;

/** Sends what is due of yesterday, and what is left of the day before. */
export async function sendReports(services: ReportServices, signal: AbortSignal): Promise<void> {
  const { store, clock, settings } = services;
  const nowMs = clock.nowMs();
  const kinds: ReportKind[] = [...(settings.sendsDmarc ? (['dmarc'] as const) : []), ...(settings.sendsTls ? (['tls'] as const) : [])];
  for (const daysAgo of [2, 1]) {
    const day = lastDay(nowMs, daysAgo);
    for (const kind of kinds) {
      if (await store.query(isDone(kind, day))) continue;
      const { later } = await sendDay(services, { kind, day }, signal);
      // Who could not be asked for two days gets none.
      if (later === 0 || daysAgo > 1) await store.commit(noteDay, { kind, day, nowMs: clock.nowMs() });
    }
  }
  const oldest = dayOf(nowMs - TLS_DAYS_KEPT * DAY_MS);
  for (let removed = 1; removed > 0; ) removed = await store.commit(removeTlsResults, { day: oldest });
}

/** The last day that is over and written down, or one before it. */
export function lastDay(nowMs: number, daysAgo = 1): string {
  return dayOf(nowMs - SETTLE_MS - daysAgo * DAY_MS);
}

/** Sends what of one day has not been sent. */
export async function sendDay(
  services: ReportServices,
  { kind, day }: { readonly kind: ReportKind; readonly day: string },
  signal: AbortSignal,
): Promise<SentDay> {
  const reports: QueuedReport[] = [];
  let later = 0;
  for await (const sent of kind === 'dmarc' ? sendDmarc(services, day, signal) : sendTls(services, day, signal)) {
    if (sent === 'later') later++;
    else if (sent !== 'none' && reports.length < MOST_TOLD) reports.push(sent);
  }
  return { reports, later };
}

async function* sendDmarc(services: ReportServices, day: string, signal: AbortSignal): AsyncGenerator<Sent> {
  const tally = await collectDmarc(services.store, day, signal);
  for (const domain of tally.domains()) {
    signal.throwIfAborted();
    yield await sendDmarcOf(services, day, domain);
  }
}

async function sendDmarcOf(services: ReportServices, day: string, tally: DomainTally): Promise<Sent> {
  const { store, resolver, settings, clock } = services;
  if (await store.query(isSent('dmarc', day, tally.domain))) return 'none';
  const to: ReportAddress[] = [];
  let isUnsure = false;
  for (const uri of tally.reportTo) {
    const permission = await mayReportTo(resolver, tally.domain, uri);
    if (permission.result === 'temperror') isUnsure = true;
    for (const allowed of permission.uris) {
      const address = mailtoAddress(allowed);
      if (address !== undefined && to.length < MOST_ADDRESSES && !to.some((known) => isSame(known, address))) to.push(address);
    }
  }
  if (isUnsure) return 'later';
  if (to.length === 0) return 'none';
  const nowMs = clock.nowMs();
  const id = newReceiptId(nowMs);
  const mail = writeDmarcMail({ tally, day, to, settings, id, nowMs });
  return await send(services, { kind: 'dmarc', day, domain: tally.domain, id, to, mail, posts: undefined, nowMs });
}

async function* sendTls(services: ReportServices, day: string, signal: AbortSignal): AsyncGenerator<Sent> {
  for (let after = ''; ; ) {
    const domains = await services.store.query(listTlsDomains(day, after, PAGE));
    for (const domain of domains) {
      signal.throwIfAborted();
      yield await sendTlsOf(services, day, domain);
    }
    const last = domains.at(-1);
    if (last === undefined || domains.length < PAGE) return;
    after = last;
  }
}

async function sendTlsOf(services: ReportServices, day: string, domain: string): Promise<Sent> {
  const { store, resolver, settings, clock } = services;
  if (await store.query(isSent('tls', day, domain))) return 'none';
  const { result, uris: asked } = await findTlsReportRecord(resolver, domain);
  if (result === 'temperror') return 'later';
  const { to, uris } = destinations(asked);
  const results = await store.query(readTlsResults(day, domain));
  if (to.length + uris.length === 0 || results.length === 0) return 'none';
  const nowMs = clock.nowMs();
  const report = { domain, day, settings, id: newReceiptId(nowMs) };
  const packed = packTlsReport({ ...report, results });
  const mail = to.length === 0 ? undefined : writeTlsMail({ ...report, packed, to, nowMs });
  return await send(services, { kind: 'tls', day, domain, id: report.id, to, mail, posts: uris.length === 0 ? undefined : { uris, report: packed }, nowMs });
}

interface Destinations {
  readonly to: readonly ReportAddress[];
  /** `https:` */
  readonly uris: readonly string[];
}

/** The first of a record's destinations, of both kinds, in its order: each gets the report (RFC 8460 §3 leaves it to us to be content with one). */
function destinations(asked: readonly string[]): Destinations {
  const to: ReportAddress[] = [];
  const uris: string[] = [];
  for (const uri of asked) {
    if (to.length + uris.length >= MOST_ADDRESSES) break;
    const address = mailtoAddress(uri);
    const url = httpsDestination(uri)?.href;
    if (address !== undefined && !to.some((known) => isSame(known, address))) to.push(address);
    else if (url !== undefined && !uris.includes(url)) uris.push(url);
  }
  return { to, uris };
}

interface WrittenReport extends Pick<QueueReport, 'kind' | 'day' | 'domain' | 'id' | 'posts' | 'nowMs'> {
  readonly to: readonly ReportAddress[];
  /** Undefined where nobody wants it by mail. */
  readonly mail: Buffer | undefined;
}

async function send({ store, settings, log }: ReportServices, { kind, day, domain, id, to, mail, posts, nowMs }: WrittenReport): Promise<Sent> {
  if ((mail?.length ?? 0) > MOST_BYTES || (posts?.report.length ?? 0) > MOST_POSTED_BYTES) {
    log.warn('reports.failed', {
      kind,
      domain,
      day,
      cause: `the report is too large: ${mail?.length ?? 0} octets as mail, ${posts?.report.length ?? 0} to be posted`,
    });
    return 'none';
  }
  const outgoing = mail && outgoingMail({ kind, id, to, mail, sender: settings.sender, nowMs });
  const args = { kind, day, domain, id, sender: settings.sender, outgoing, posts, nowMs };
  if (!(await store.commit(queueReport, args, mail === undefined ? [] : [{ bytes: mail }]))) return 'none';
  const names = [...to.map(({ localPart, domain: at }) => `${localPart}@${at}`), ...(posts?.uris ?? [])];
  log.info('reports.sent', { kind, domain, day, id, to: names.join(', ') });
  return { kind, day, domain, id, to: names };
}

interface ReportMail extends Pick<WrittenReport, 'kind' | 'id' | 'to' | 'nowMs'> {
  readonly mail: Buffer;
  readonly sender: string;
}

function outgoingMail({ kind, id, to, mail, sender, nowMs }: ReportMail): Outgoing {
  return {
    queueId: id,
    account: undefined,
    sender,
    // Nobody reads what comes back about a report.
    recipients: to.map((address) => ({ ...address, notify: ['NEVER'], originalRecipient: undefined })),
    body: 0,
    sizeBytes: mail.length,
    prefix: new Uint8Array(0),
    isEightBit: !isAscii(mail),
    smtpUtf8: false,
    ret: undefined,
    envelopeId: undefined,
    // RFC 8460 §3: reports about TLS that fails must not fail with it.
    ...(kind === 'tls' && { tlsNeed: 'optional' as const }),
    nowMs,
  };
}

function isSame(one: ReportAddress, other: ReportAddress): boolean {
  return one.localPart === other.localPart && one.domain === other.domain;
}
