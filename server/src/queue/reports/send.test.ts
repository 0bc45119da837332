/** Reports as they leave: made from what the trail and the client have written, queued once for each domain and day, checked by another program. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { simpleParser } from 'mailparser';
import { FakeClock } from '#core/clock.ts';
import { defineMutation, type Mutation } from '#store/mutation.ts';
import { all, sql } from '#store/sql.ts';
import type { TrailChecks } from '#trail/checks.ts';
import { record, type TrailEvent } from '#trail/record.ts';
import { isDmarcReport } from '../../../test/support/dmarc-schema.ts';
import { FakeDns, type Zone } from '../../../test/support/dns.ts';
import { MemoryLog } from '../../../test/support/log.ts';
import { needs, program } from '../../../test/support/outside.ts';
import { TEST_REPORT_SETTINGS } from '../../../test/support/reports.ts';
import { openTestStore, type TestStore } from '../../../test/support/store.ts';
import { QUEUE_MUTATIONS } from '../mutations.ts';
import { TRANSPORT_SECURITY_MUTATIONS } from '../transport-security/mutations.ts';
import { countTlsSessions } from '../transport-security/tls-results.ts';
import { writeDmarcXml } from './dmarc/xml.ts';
import { sendReports } from './send.ts';
import { DAY_MS, type ReportServices } from './settings.ts';

const TODAY_MS = Date.UTC(2026, 10, 23, 3);
const ZONE: Zone = {
  '_dmarc.sender.example': { TXT: ['v=DMARC1; p=reject; rua=mailto:reports@sender.example,mailto:dmarc@collector.example,https://sender.example/'] },
  'sender.example._report._dmarc.collector.example': { TXT: ['v=DMARC1'] },
  '_smtp._tls.far.example': { TXT: ['v=TLSRPTv1; rua=mailto:tls@far.example,ftp://far.example/'] },
};

test('a day of mail becomes one report for each domain that asks, whatever happens in between', async () => {
  await using house = await openHouse();
  const yesterday = TODAY_MS - DAY_MS;
  for (let n = 0; n < 3; n++) await house.received(yesterday + n, checksLike({}));
  await house.received(yesterday, checksLike({ result: 'fail', action: 'reject' }), 'refused', '2001:db8::7');
  await house.received(yesterday, checksLike({ reportTo: [] }), 'received', '192.0.2.99');
  await house.received(yesterday, checksLike({ result: 'none' }), 'received', '192.0.2.98');
  await house.received(yesterday - 5 * DAY_MS, checksLike({}), 'received', '192.0.2.97');
  await house.received(TODAY_MS, checksLike({}), 'received', '192.0.2.96');
  await house.received(yesterday, checksLike({}), 'received', '192.0.2.95', 'Reports');
  await sendReports(house.services, new AbortController().signal);
  await sendReports(house.services, new AbortController().signal);
  const [mail, ...others] = await house.queued();
  deepEqual(others, []);
  deepEqual(mail?.recipients, ['reports@sender.example', 'dmarc@collector.example']);
  equal(mail?.sender, 'noreply-dmarc@capri.example');
  const parsed = await simpleParser(mail?.bytes ?? '');
  match(parsed.subject ?? '', /^Report Domain: sender\.example Submitter: mx\.capri\.example Report-ID: <\w{16}>$/);
  const [attachment] = parsed.attachments;
  equal(attachment?.contentType, 'application/gzip');
  match(attachment?.filename ?? '', /^mx\.capri\.example!sender\.example!1795305600!1795391999!\w{16}\.xml\.gz$/);
  const xml = gunzipSync(attachment?.content ?? '').toString();
  equal([...xml.matchAll(/<record>/g)].length, 2);
  match(xml, /<source_ip>192\.0\.2\.1<\/source_ip>\n<count>3<\/count>/);
  match(xml, /<source_ip>2001:db8::7<\/source_ip>\n<count>1<\/count>\n<policy_evaluated>\n<disposition>reject<\/disposition>\n<dkim>fail<\/dkim>/);
  for (const other of ['192.0.2.95', '192.0.2.96', '192.0.2.97', '192.0.2.98', '192.0.2.99']) ok(!xml.includes(other));
});

test('another program finds the report as the schema wants it', needs(program('xmllint')), async () => {
  await using house = await openHouse();
  const at = TODAY_MS - DAY_MS;
  await house.received(at, checksLike({}));
  await house.received(at, checksLike({ result: 'fail', action: 'quarantine', reasons: ['policy-quarantine'], policy: 'quarantine' }));
  await house.received(at, checksLike({ result: 'fail', action: 'accept', reasons: ['arc', 'policy-reject'] }));
  await house.received(at, checksLike({ result: 'fail', action: 'accept', isTesting: true }));
  await house.received(at, checksLike({ result: 'fail', action: 'quarantine', reasons: ['policy-reject', 'indirect'] }));
  await house.received(
    at,
    { ...checksLike({ result: 'fail' }), spf: { result: 'none', domain: 'helo.example', scope: 'helo' }, dkim: [] },
    'received',
    '::ffff:192.0.2.1',
  );
  await house.received(at, checksLike({ selector: '<x>&\u0000\ud800"' }));
  await sendReports(house.services, new AbortController().signal);
  const [mail] = await house.queued();
  const xml = gunzipSync((await simpleParser(mail?.bytes ?? '')).attachments[0]?.content ?? '').toString();
  await isDmarcReport(xml);
  await isDmarcReport(xml.replace('</auth_results>', '</auth_results><x:more xmlns:x="urn:example:more">1</x:more>'));
  for (const wrong of [xml.replace('<version>', '<versions>'), xml.replace(/<header_from>.*?<\/header_from>/, ''), xml.replace('>pass<', '>Pass<')])
    await rejects(isDmarcReport(wrong));
  for (const type of ['trusted_forwarder', 'policy_test_mode', 'mailing_list']) ok(xml.includes(`<type>${type}</type>`), type);
  ok(xml.includes('<selector>&lt;x&gt;&amp;?'));
});

test('a flood of sources makes no flood of rows: what is left out is counted, and said', needs(program('xmllint')), async () => {
  const { DmarcTally } = await import('./dmarc/tally.ts');
  const tally = new DmarcTally();
  for (let n = 0; n < 10_050; n++)
    tally.add({ checks: checksLike({}), sourceIp: `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`, sender: 'a@sender.example', isRefused: false });
  const [domain] = [...tally.domains()];
  ok(domain);
  deepEqual([domain.rows.length, domain.leftOut], [10_000, 50]);
  await isDmarcReport(
    writeDmarcXml({ organization: 'Capri', email: 'postmaster@capri.example', reportId: 'x', begin: 0, end: 86_399, generator: 'Capri' }, domain),
  );
});

test('what a policy asked for, and what became of it, is told in the words of the RFC', async () => {
  const { DmarcTally } = await import('./dmarc/tally.ts');
  const rowOf = (checks: TrailChecks): string => {
    const tally = new DmarcTally();
    tally.add({ checks, sourceIp: '192.0.2.1', sender: 'a@sender.example', isRefused: false });
    const row = [...tally.domains()][0]?.rows[0]?.row;
    return [row?.disposition, ...(row?.overrides ?? []).map(({ type }) => type)].join(' ');
  };
  // "pass" is for policies that ask for something; a test of one that does not changes nothing.
  equal(rowOf(checksLike({})), 'pass');
  equal(rowOf(checksLike({ policy: 'none' })), 'none');
  equal(rowOf(checksLike({ policy: 'none', result: 'fail', isTesting: true })), 'none');
  equal(rowOf({ ...checksLike({ isTesting: true }), dmarc: { ...checksLike({ isTesting: true }).dmarc, policy: 'quarantine' } }), 'pass');
  const lowered = checksLike({ policy: 'quarantine', result: 'fail', isTesting: true });
  equal(rowOf({ ...lowered, dmarc: { ...lowered.dmarc, policy: 'none' } }), 'none policy_test_mode');
  equal(rowOf(checksLike({ result: 'fail', action: 'quarantine', reasons: ['policy-reject', 'indirect'] })), 'quarantine mailing_list');
});

test('of many signatures those come first that say most about the author', async () => {
  const { DmarcTally } = await import('./dmarc/tally.ts');
  const tally = new DmarcTally();
  const signed = (domain: string, result: 'pass' | 'fail'): TrailChecks['dkim'][number] => ({ domain, result, selector: 's', algorithm: 'rsa-sha256' });
  const dkim = [signed('sender.example', 'fail'), signed('list.example', 'pass'), signed('mail.sender.example', 'pass'), signed('sender.example', 'pass')];
  tally.add({ checks: { ...checksLike({}), dkim }, sourceIp: '192.0.2.1', sender: '', isRefused: false });
  const results = [...tally.domains()][0]?.rows[0]?.row.dkimResults.map(({ domain, result }) => `${domain} ${result}`);
  deepEqual(results, ['sender.example pass', 'mail.sender.example pass', 'list.example pass', 'sender.example fail']);
});

test('who does not agree to get reports about another domain gets none; where the DNS is silent it is tried again, for two days', async () => {
  await using house = await openHouse({ '_dmarc.sender.example': ZONE['_dmarc.sender.example'] ?? {} });
  await house.received(TODAY_MS - DAY_MS, checksLike({}));
  house.dns.faults.failing = ['sender.example._report._dmarc.collector.example'];
  await sendReports(house.services, new AbortController().signal);
  deepEqual(await house.queued(), []);
  house.dns.faults.failing = [];
  house.renew();
  await sendReports(house.services, new AbortController().signal);
  deepEqual(
    (await house.queued()).map(({ recipients }) => recipients),
    [['reports@sender.example']],
  );
});

test('sessions with the servers of a domain become a TLS report, in the form that RFC 8460 wants', async () => {
  await using house = await openHouse();
  const day = '2026-11-22';
  const policy = { type: 'sts', strings: ['version: STSv1', 'mode: enforce', 'mx: mx.far.example', 'max_age: 86400'], mxHosts: ['mx.far.example'] };
  const failure = {
    type: 'certificate-expired',
    sendingAddress: '192.0.2.1',
    receivingHost: 'mx.far.example',
    receivingAddress: '192.0.2.2',
    reason: 'CERT_HAS_EXPIRED',
  };
  const count = { day, policyId: 'p', policy: JSON.stringify(policy) };
  await house.store.commit(countTlsSessions, {
    counts: [
      { ...count, domain: 'far.example', ending: '', sessions: 7 },
      { ...count, domain: 'far.example', ending: JSON.stringify(failure), sessions: 2 },
      { ...count, domain: 'silent.example', ending: '', sessions: 1 },
    ],
  });
  await sendReports(house.services, new AbortController().signal);
  await sendReports(house.services, new AbortController().signal);
  const [mail, ...others] = await house.queued();
  deepEqual(others, []);
  deepEqual(mail?.recipients, ['tls@far.example']);
  const parsed = await simpleParser(mail?.bytes ?? '');
  equal(parsed.headers.get('tls-report-domain'), 'far.example');
  equal(parsed.headers.get('tls-report-submitter'), 'capri.example', 'the domain of contact-info');
  match(parsed.subject ?? '', /^Report Domain: far\.example Submitter: capri\.example Report-ID: <\w{16}@capri\.example>$/);
  equal(parsed.headers.get('tls-required'), 'No');
  match(mail?.bytes ?? '', /^Content-Type: multipart\/report; report-type=tlsrpt;/m);
  const [attachment] = parsed.attachments;
  equal(attachment?.contentType, 'application/tlsrpt+gzip');
  match(attachment?.filename ?? '', /^capri\.example!far\.example!1795305600!1795391999!\w{16}\.json\.gz$/);
  const { 'report-id': id, ...report } = JSON.parse(gunzipSync(attachment?.content ?? '').toString()) as Record<string, unknown>;
  match(String(id), /^\w{16}$/);
  deepEqual(report, {
    'organization-name': 'Capri at capri.example',
    'date-range': { 'start-datetime': '2026-11-22T00:00:00Z', 'end-datetime': '2026-11-22T23:59:59Z' },
    'contact-info': 'postmaster@capri.example',
    policies: [
      {
        policy: { 'policy-type': 'sts', 'policy-string': policy.strings, 'policy-domain': 'far.example', 'mx-host': ['mx.far.example'] },
        summary: { 'total-successful-session-count': 7, 'total-failure-session-count': 2 },
        'failure-details': [
          {
            'result-type': 'certificate-expired',
            'sending-mta-ip': '192.0.2.1',
            'receiving-mx-hostname': 'mx.far.example',
            'receiving-ip': '192.0.2.2',
            'failed-session-count': 2,
            'failure-reason-code': 'CERT_HAS_EXPIRED',
          },
        ],
      },
    ],
  });
});

interface House extends AsyncDisposable {
  readonly store: TestStore['store'];
  readonly services: ReportServices;
  readonly dns: FakeDns;
  /** Another resolver, which remembers nothing. */
  renew(): void;
  received(atMs: number, checks: TrailChecks, event?: 'received' | 'refused', remote?: string, mailbox?: string): Promise<void>;
  queued(): Promise<readonly { readonly sender: string; readonly recipients: readonly string[]; readonly bytes: string }[]>;
}

const write: Mutation<TrailEvent, void> = defineMutation('test.record', function* (tx, event: TrailEvent) {
  yield* record(tx, event);
});

async function openHouse(zone: Zone = ZONE): Promise<House> {
  const opened = await openTestStore({ mutations: [...QUEUE_MUTATIONS, ...TRANSPORT_SECURITY_MUTATIONS, write] });
  const { store } = opened;
  const dns = await FakeDns.start({ ...zone });
  let resolver = dns.resolver();
  const services: ReportServices = {
    store,
    clock: new FakeClock(TODAY_MS),
    log: new MemoryLog(),
    get resolver() {
      return resolver;
    },
    settings: TEST_REPORT_SETTINGS,
  };
  return {
    store,
    services,
    dns,
    renew() {
      resolver = dns.resolver();
    },
    received: (atMs, checks, event = 'received', remote = '192.0.2.1', mailbox = 'INBOX') =>
      store.commit(write, {
        event,
        atMs,
        queueId: 'q',
        sender: 'bounces@sender.example',
        recipients: [{ address: 'a@capri.example', mailbox }],
        details: { protocol: 'ESMTP', remote, checks },
      }),
    async queued() {
      const bodies = await store.query(
        all<{ queue_id: string; blob: number; body_size: number; sender: string }>(sql`SELECT * FROM queue_message ORDER BY queue_id`),
      );
      return Promise.all(
        bodies.map(async ({ queue_id: queueId, blob, body_size: size, sender }) => {
          const recipients = await store.query(
            all<{ address: string }>(sql`SELECT local_part || '@' || domain AS address FROM queue_recipient WHERE queue_id = ${queueId} ORDER BY n`),
          );
          return { sender, recipients: recipients.map(({ address }) => address), bytes: (await store.readBlob(blob as never, 0, size)).toString('latin1') };
        }),
      );
    },
    async [Symbol.asyncDispose]() {
      await dns[Symbol.asyncDispose]();
      await opened[Symbol.asyncDispose]();
    },
  };
}

interface ChecksLike {
  readonly result?: TrailChecks['dmarc']['result'];
  readonly action?: TrailChecks['action'];
  readonly reasons?: readonly string[];
  readonly policy?: 'none' | 'quarantine' | 'reject';
  readonly isTesting?: boolean;
  readonly reportTo?: readonly string[];
  readonly selector?: string;
}

function checksLike({
  result = 'pass',
  action = 'accept',
  reasons = [],
  policy = 'reject',
  isTesting = false,
  reportTo,
  selector = 's1',
}: ChecksLike): TrailChecks {
  const isPass = result === 'pass';
  return {
    action,
    enforced: true,
    reasons,
    spf: { result: isPass ? 'pass' : 'softfail', domain: 'sender.example', scope: 'mfrom' },
    dkim: [{ result: isPass ? 'pass' : 'fail', domain: 'sender.example', selector, algorithm: 'rsa-sha256' }],
    dmarc: {
      result,
      from: 'sender.example',
      policyDomain: 'sender.example',
      policy,
      published: { p: policy, sp: policy, np: policy, adkim: 'r', aspf: 'r', isTesting },
      reportTo: reportTo ?? ['mailto:reports@sender.example', 'mailto:dmarc@collector.example', 'https://sender.example/'],
      alignedSpf: isPass,
      alignedDkim: isPass,
    },
    iprev: { result: 'pass', name: 'mx.sender.example' },
  };
}
