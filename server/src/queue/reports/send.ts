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
import { mailtoAddress, type ReportAddress } from './mailto.ts';
import { isDone, isSent, noteDay, queueReport, type ReportKind } from './sent.ts';
import { DAY_MS, dayOf, type ReportServices } from './settings.ts';
import { findTlsReportRecord } from './tls/record.ts';
import { writeTlsMail } from './tls/report.ts';

/** Addresses that one report goes to. RFC 9990 §3.5: at least two. */
const MOST_ADDRESSES = 4;
/** Octets of a mail; larger reports would be refused anyway. */
const MOST_BYTES = 20 * 2 ** 20;
const PAGE = 100;
/** A day is over when the messages that began to come in it are written down. */
const SETTLE_MS = 3_600_000;
/** Days for which the results of TLS sessions are kept. */
const TLS_DAYS_KEPT = 4;

/** What became of one domain: `later` when the DNS could not say. */
type Sent = 'sent' | 'none' | 'later';

/** Sends what is due of yesterday, and what is left of the day before. */
export async function sendReports(services: ReportServices, signal: AbortSignal): Promise<void> {
  const { store, clock, settings } = services;
  const nowMs = clock.nowMs();
  const kinds: ReportKind[] = [...(settings.sendsDmarc ? (['dmarc'] as const) : []), ...(settings.sendsTls ? (['tls'] as const) : [])];
  for (const daysAgo of [2, 1]) {
    const day = dayOf(nowMs - SETTLE_MS - daysAgo * DAY_MS);
    for (const kind of kinds) {
      if (await store.query(isDone(kind, day))) continue;
      const isComplete = kind === 'dmarc' ? await sendDmarc(services, day, signal) : await sendTls(services, day, signal);
      // Who could not be asked for two days gets none.
      if (isComplete || daysAgo > 1) await store.commit(noteDay, { kind, day, nowMs: clock.nowMs() });
    }
  }
  const oldest = dayOf(nowMs - TLS_DAYS_KEPT * DAY_MS);
  for (let removed = 1; removed > 0; ) removed = await store.commit(removeTlsResults, { day: oldest });
}

/** Whether nothing is left for later. */
async function sendDmarc(services: ReportServices, day: string, signal: AbortSignal): Promise<boolean> {
  let isComplete = true;
  const tally = await collectDmarc(services.store, day, signal);
  for (const domain of tally.domains()) {
    signal.throwIfAborted();
    if ((await sendDmarcOf(services, day, domain)) === 'later') isComplete = false;
  }
  return isComplete;
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
  return await send(services, { kind: 'dmarc', day, domain: tally.domain, id, to, bytes: writeDmarcMail({ tally, day, to, settings, id, nowMs }), nowMs });
}

async function sendTls(services: ReportServices, day: string, signal: AbortSignal): Promise<boolean> {
  let isComplete = true;
  for (let after = ''; ; ) {
    const domains = await services.store.query(listTlsDomains(day, after, PAGE));
    for (const domain of domains) {
      signal.throwIfAborted();
      if ((await sendTlsOf(services, day, domain)) === 'later') isComplete = false;
    }
    const last = domains.at(-1);
    if (last === undefined || domains.length < PAGE) return isComplete;
    after = last;
  }
}

async function sendTlsOf(services: ReportServices, day: string, domain: string): Promise<Sent> {
  const { store, resolver, settings, clock } = services;
  if (await store.query(isSent('tls', day, domain))) return 'none';
  const { result, uris } = await findTlsReportRecord(resolver, domain);
  if (result === 'temperror') return 'later';
  const to: ReportAddress[] = [];
  for (const address of uris.map(mailtoAddress)) {
    if (address !== undefined && to.length < MOST_ADDRESSES && !to.some((known) => isSame(known, address))) to.push(address);
  }
  const results = await store.query(readTlsResults(day, domain));
  if (to.length === 0 || results.length === 0) return 'none';
  const nowMs = clock.nowMs();
  const id = newReceiptId(nowMs);
  return await send(services, { kind: 'tls', day, domain, id, to, bytes: writeTlsMail({ domain, day, results, settings, id, to, nowMs }), nowMs });
}

interface WrittenReport {
  readonly kind: ReportKind;
  readonly day: string;
  readonly domain: string;
  readonly id: string;
  readonly to: readonly ReportAddress[];
  readonly bytes: Buffer;
  readonly nowMs: number;
}

async function send({ store, settings, log }: ReportServices, { kind, day, domain, id, to, bytes, nowMs }: WrittenReport): Promise<Sent> {
  if (bytes.length > MOST_BYTES) {
    log.warn('reports.failed', { kind, domain, day, cause: `the report has ${bytes.length} octets` });
    return 'none';
  }
  const outgoing: Outgoing = {
    queueId: id,
    account: undefined,
    sender: settings.sender,
    // Nobody reads what comes back about a report.
    recipients: to.map((address) => ({ ...address, notify: ['NEVER'], originalRecipient: undefined })),
    body: 0,
    sizeBytes: bytes.length,
    prefix: new Uint8Array(0),
    isEightBit: !isAscii(bytes),
    smtpUtf8: false,
    ret: undefined,
    envelopeId: undefined,
    // RFC 8460 §3: reports about TLS that fails must not fail with it.
    ...(kind === 'tls' && { tlsNeed: 'optional' as const }),
    nowMs,
  };
  if (!(await store.commit(queueReport, { kind, day, domain, outgoing }, [{ bytes }]))) return 'none';
  log.info('reports.sent', { kind, domain, day, to: to.map(({ localPart, domain: at }) => `${localPart}@${at}`).join(', ') });
  return 'sent';
}

function isSame(one: ReportAddress, other: ReportAddress): boolean {
  return one.localPart === other.localPart && one.domain === other.domain;
}
