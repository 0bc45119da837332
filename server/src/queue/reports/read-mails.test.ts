/** Reports of others as they come in: over the way in, read in a thread, kept, and shown; complaints up to the hold. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ADMINISTRATOR } from '#admin/caller.ts';
import { OPERATIONS } from '#admin/operations.ts';
import type { ShownComplaint, ShownDmarc, ShownFailure, ShownTls } from '#admin/reports.ts';
import type { Path, Peer } from '#delivery/delivery.ts';
import { deliverLocal } from '#delivery/deliver-local.ts';
import { FakeDns, type Zone } from '../../../test/support/dns.ts';
import { isLocalDomainOf } from '../../../test/support/reports.ts';
import { conformance, conformanceData, needs } from '../../../test/support/outside.ts';
import { type MailHouse, openMailHouse } from '../../../test/support/mail-house.ts';
import { findMailbox } from '#store/list-mailboxes.ts';
import { defineMutation, type Mutation } from '#store/mutation.ts';
import { all, run, sql } from '#store/sql.ts';
import { QUEUE_MUTATIONS } from '../mutations.ts';
import { forgetReports, readReportMails } from './read-mails.ts';

const signal = new AbortController().signal;

test('reports to the addresses of every domain are filed apart, read, kept once, and shown', async () => {
  await using house = await openHouse();
  for (let n = 0; n < 2; n++) await deliver(house, 'dmarc-reports@capri.example', dmarcMail('capri.example', 'org.example'));
  await deliver(house, 'dmarc-reports@capri.example', dmarcMail('stranger.example', 'org.example'));
  await deliver(house, 'tls-reports@capri.example', tlsMail('capri.example'));
  await deliver(house, 'dmarc-reports@capri.example', 'Subject: hello\r\n\r\nnot a report\r\n');
  equal((await house.inbox(house.accounts.admin)).length, 0);
  equal((await house.store.query(findMailbox(house.accounts.admin, 'Reports')))?.messages, 5);
  await read(house);
  deepEqual(await waiting(house), 0);
  const dmarc = await call<readonly ShownDmarc[]>(house, 'reports.dmarc', {});
  deepEqual(
    dmarc.map(({ domain, reports, authenticReports, passed, failed }) => [domain, reports, authenticReports, passed, failed]),
    [['capri.example', 1, 0, 7, 2]],
  );
  deepEqual(
    dmarc[0]?.sources.map(({ sourceIp, messages, passed, dispositions }) => [sourceIp, messages, passed, dispositions]),
    [
      ['198.51.100.66', 2, false, ['reject']],
      ['192.0.2.1', 7, true, ['none']],
    ],
  );
  deepEqual(await call<readonly ShownTls[]>(house, 'reports.tls', { domain: 'capri.example' }), [
    {
      domain: 'capri.example',
      reports: 1,
      succeeded: 5,
      failed: 3,
      reporters: ['Org'],
      failures: [{ type: 'certificate-expired', sessions: 3, host: 'mx.capri.example', reason: '', reporters: ['Org'] }],
    },
  ]);
  deepEqual(await call(house, 'reports.dmarc', { days: 1 }), [], 'their time is long past');
  match(JSON.stringify(house.log.lines.filter(({ event }) => event === 'reports.failed')), /stranger\.example, which is not ours/);
  await forgetReports(house, house.clock.nowMs() + 1);
  deepEqual(await call(house, 'reports.dmarc', {}), []);
});

test('a report of a time to come, which would hide others for years, is not kept', async () => {
  await using house = await openHouse();
  const day = Math.floor(house.clock.nowMs() / 1000);
  await deliver(house, 'dmarc-reports@capri.example', dmarcMail('capri.example', 'org.example', day + 400 * 86_400));
  await read(house);
  deepEqual(await call(house, 'reports.dmarc', {}), []);
  match(JSON.stringify(house.log.lines.filter(({ event }) => event === 'reports.failed')), /capri\.example, of a time that is not over/);
});

test("the server's own report about a domain of its own is read too", async () => {
  await using house = await openHouse();
  const text = dmarcMail('capri.example', 'capri.example');
  await deliverLocal(house.services, { localPart: 'dmarc-reports', domain: 'capri.example' }, Buffer.from(text));
  await read(house);
  equal((await call<readonly ShownDmarc[]>(house, 'reports.dmarc', {})).length, 1);
});

test('what harms the thread that reads harms nobody else', async () => {
  await using house = await openHouse();
  const bomb = gzipSync(Buffer.alloc(60 * 2 ** 20, '<a>')).toString('base64');
  await deliver(
    house,
    'dmarc-reports@capri.example',
    `Content-Type: application/gzip\r\nContent-Transfer-Encoding: base64\r\n\r\n${bomb.replace(/(.{76})/g, '$1\r\n')}\r\n`,
  );
  await deliver(house, 'dmarc-reports@capri.example', dmarcMail('capri.example', 'org.example'));
  await read(house);
  equal(await waiting(house), 0);
  equal((await call<readonly ShownDmarc[]>(house, 'reports.dmarc', {})).length, 1);
});

test('a complaint counts for the account that has sent the message, once for each, if who tells it is proved; its recipient is not written to again', async () => {
  await using house = await openHouse();
  const { jan } = house.accounts;
  const ids = [await submit(house, 'reader@far.example'), await submit(house, 'other@far.example')] as const;
  await deliver(house, 'abuse@capri.example', complaint(ids[0], 'reader@far.example'));
  await read(house);
  deepEqual(await call(house, 'reports.complaints', {}), [], 'anybody could say so');
  for (let n = 0; n < 2; n++) await deliver(house, 'abuse@capri.example', complaint(ids[0], 'reader@far.example'));
  await deliver(house, 'postmaster@capri.example', complaint(ids[1], 'redacted'));
  await deliver(house, 'postmaster@capri.example', complaint('0123456789ABCDEF', 'x@far.example'));
  await house.store.commit(prove, { origin: 'far.example' });
  await read(house);
  const complaints = await call<readonly ShownComplaint[]>(house, 'reports.complaints', {});
  const shown = complaints.map(({ login, queueId, kind, recipient, reporter }) => `${login} ${queueId} ${kind} ${recipient} ${reporter}`);
  deepEqual(new Set(shown), new Set([`jan ${ids[0]} abuse reader@far.example far.example`, `jan ${ids[1]} abuse  far.example`]));
  deepEqual(await house.store.query(all(sql`SELECT account, complaints FROM sending_hour WHERE complaints > 0`)), [{ account: jan, complaints: 2 }]);
  deepEqual(await house.store.query(all(sql`SELECT account, address, reason FROM queue_suppression`)), [
    { account: jan, address: 'reader@far.example', reason: 'complaint' },
  ]);
  equal((await house.inbox(house.accounts.admin)).length, 5, 'a person sees them too');
});

test('who complains speaks for addresses of its own organization only: a reader of a list cannot have the list suppressed', async () => {
  await using house = await openHouse();
  const id = await submit(house, 'list@lists.example');
  const complain = async (origin: string, zone?: Zone): Promise<readonly unknown[]> => {
    for (const recipient of ['list@lists.example', '']) await deliver(house, 'abuse@capri.example', complaint(id, recipient));
    await house.store.commit(prove, { origin });
    await read(house, zone);
    return await house.store.query(all(sql`SELECT address FROM queue_suppression`));
  };
  deepEqual(await complain('reader.example'), []);
  deepEqual(
    (await call<readonly ShownComplaint[]>(house, 'reports.complaints', {})).map(({ recipient, reporter }) => [recipient, reporter]),
    [['', 'reader.example']],
    'it counts all the same',
  );
  // A name of its own below the list's is another organization where the list's says so.
  const apart: Zone = { '_dmarc.lists.example': { TXT: ['v=DMARC1; p=none; psd=y'] } };
  deepEqual(await complain('reader.lists.example', apart), []);
  const one: Zone = { '_dmarc.lists.example': { TXT: ['v=DMARC1; p=none'] } };
  deepEqual(await complain('feedback.lists.example', one), [{ address: 'list@lists.example' }]);
  deepEqual(await house.store.query(all(sql`SELECT complaints FROM sending_hour WHERE complaints > 0`)), [{ complaints: 1 }]);
});

test('failure reports of the wild are kept for our domains', needs(conformanceData('dmarc/reports')), async () => {
  await using house = await openHouse();
  const file = path.join(conformance('dmarc/reports') ?? '', 'failure/dmarc_ruf_report_linkedin.crlf.eml');
  const text = fs
    .readFileSync(file, 'latin1')
    .replace(/^From dmarc-noreply.*\r\n/, '')
    .replaceAll('example.com', 'capri.example')
    .replace(/\r?\n/g, '\r\n');
  await deliver(house, 'dmarc-reports@capri.example', text);
  await read(house);
  const failures = await call<readonly ShownFailure[]>(house, 'reports.failures', { days: 3650 });
  deepEqual(
    failures.map(({ domain, sourceIp, authFailure }) => [domain, sourceIp, authFailure]),
    [['capri.example', '10.10.10.10', 'dmarc']],
  );
});

const prove: Mutation<{ readonly origin: string }, void> = defineMutation('test.prove', function* (_tx, { origin }: { readonly origin: string }) {
  yield* run(sql`UPDATE report_mail SET origin = ${origin}`);
});

function openHouse(): Promise<MailHouse> {
  return openMailHouse({ mutations: [...QUEUE_MUTATIONS, prove] });
}

async function read({ store, clock, log }: MailHouse, zone: Zone = {}): Promise<void> {
  await using dns = await FakeDns.start(zone);
  await readReportMails({ store, clock, log, resolver: dns.resolver(), isLocalDomain: isLocalDomainOf(store) }, signal);
}

async function waiting({ store }: MailHouse): Promise<number> {
  return (await store.query(all(sql`SELECT email FROM report_mail`))).length;
}

async function call<Output>({ store, clock }: MailHouse, name: string, input: unknown): Promise<Output> {
  const operation = OPERATIONS.get(name);
  ok(operation);
  return (await operation.call({ store, clock, primaryDomain: 'capri.example', dataDirectory: '' } as never, ADMINISTRATOR, input)) as Output;
}

const stranger: Peer = { connectionId: 'c', address: '192.0.2.7', helo: 'client.example', protocol: 'ESMTP', tls: undefined, identity: undefined };

async function deliver(house: MailHouse, to: string, message: string): Promise<string> {
  return await send(house, stranger, 'reporter@org.example', to, message);
}

/** A message of jan's; returns its id. */
async function submit(house: MailHouse, to: string): Promise<string> {
  const identity = { account: house.accounts.jan, login: 'jan', name: 'Jan', isAdmin: false, language: '' };
  return await send(house, { ...stranger, protocol: 'ESMTPSA', identity }, 'jan@capri.example', to, 'From: jan@capri.example\r\n\r\nbuy\r\n');
}

async function send(house: MailHouse, peer: Peer, from: string, to: string, message: string): Promise<string> {
  const parameters = { sizeBytes: undefined, body: '7BIT', smtpUtf8: false, ret: undefined, envelopeId: undefined } as const;
  const envelope = await house.delivery.begin(peer, pathOf(from), parameters);
  await envelope.recipient(pathOf(to), { notify: undefined, originalRecipient: undefined });
  const sink = envelope.open();
  await sink.write(Buffer.from(message, 'latin1'));
  return (await sink.finish()).id;
}

function pathOf(text: string): Path {
  const at = text.lastIndexOf('@');
  return { localPart: text.slice(0, at), domain: text.slice(at + 1) };
}

const DAY = Date.UTC(2026, 10, 20) / 1000;

function dmarcMail(domain: string, organization: string, day = DAY): string {
  const record = (ip: string, count: number, result: string, disposition: string): string =>
    `<record><row><source_ip>${ip}</source_ip><count>${count}</count><policy_evaluated><disposition>${disposition}</disposition><dkim>${result}</dkim><spf>fail</spf></policy_evaluated></row><identifiers><header_from>${domain}</header_from></identifiers><auth_results><spf><domain>x.example</domain><result>fail</result></spf></auth_results></record>`;
  const xml = `<feedback><report_metadata><org_name>${organization}</org_name><email>a@${organization}</email><report_id>r1</report_id><date_range><begin>${day}</begin><end>${day + 86_399}</end></date_range></report_metadata><policy_published><domain>${domain}</domain><p>reject</p></policy_published>${record('192.0.2.1', 7, 'pass', 'none')}${record('198.51.100.66', 2, 'fail', 'reject')}</feedback>`;
  return `From: a@${organization}\r\nSubject: Report Domain: ${domain}\r\nContent-Type: application/gzip; name="${organization}!${domain}.xml.gz"\r\nContent-Transfer-Encoding: base64\r\n\r\n${gzipSync(
    xml,
  )
    .toString('base64')
    .replace(/(.{76})/g, '$1\r\n')}\r\n`;
}

function tlsMail(domain: string): string {
  const report = {
    'organization-name': 'Org',
    'date-range': { 'start-datetime': '2026-11-20T00:00:00Z', 'end-datetime': '2026-11-20T23:59:59Z' },
    'contact-info': 'tls@org.example',
    'report-id': 't1',
    policies: [
      {
        policy: { 'policy-type': 'sts', 'policy-domain': domain },
        summary: { 'total-successful-session-count': 5, 'total-failure-session-count': 3 },
        'failure-details': [{ 'result-type': 'certificate-expired', 'receiving-mx-hostname': 'mx.capri.example', 'failed-session-count': 3 }],
      },
    ],
  };
  return `From: tls@org.example\r\nContent-Type: multipart/report; report-type=tlsrpt; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n--b\r\nContent-Type: application/tlsrpt+json\r\n\r\n${JSON.stringify(report)}\r\n--b--\r\n`;
}

function complaint(id: string, recipient: string): string {
  const original = `Received: from [192.0.2.7]\r\n\tby mx.capri.example with ESMTPSA id ${id};\r\n\tMon, 23 Nov 2026 12:00:00 +0000\r\nFrom: jan@capri.example\r\nSubject: buy\r\n\r\n`;
  return `From: fbl@far.example\r\nContent-Type: multipart/report; report-type=feedback-report; boundary=b\r\n\r\n--b\r\n\r\nA complaint.\r\n--b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nUser-Agent: Far/1\r\nVersion: 1\r\nOriginal-Rcpt-To: <${recipient}>\r\n\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\n${original}\r\n--b--\r\n`;
}
