/** The daily reports as they leave a running server: by mail to the MX of who asked for them, and by HTTPS. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import Sqlite from 'better-sqlite3';
import { simpleParser } from 'mailparser';
import type { ShownSentReport } from '#admin/reports-sent.ts';
import { readConfig } from '#config/read.ts';
import { lastDay } from '#queue/reports/send.ts';
import { dayStartMs } from '#queue/reports/settings.ts';
import { metadataFile } from '#store/blobs/layout.ts';
import { authenticDomain } from '../support/authentic-mail.ts';
import { isDmarcReport } from '../support/dmarc-schema.ts';
import { FakeDns } from '../support/dns.ts';
import { SmtpClient } from '../support/line-client.ts';
import { needs, program } from '../support/outside.ts';
import { startReportCollector } from '../support/report-collector.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { startPeer } from '../support/smtp-peer.ts';

const THERE = '127.77.0.1';

test('a day of mail in and out becomes a DMARC and a TLS report, which arrive by mail and by HTTPS, once', {
  ...needs(program('xmllint')),
  timeout: 180_000,
}, async () => {
  await using peer = await startPeer({ address: THERE });
  await using collector = await startReportCollector(['tls.good.example'], { address: THERE, port: 0 });
  const good = authenticDomain({ domain: 'good.example', address: '127.0.0.1', policy: 'reject' });
  const post = `https://tls.good.example:${collector.port}/v1`;
  await using dns = await FakeDns.start(
    {
      ...good.zone,
      'good.example': { ...good.zone['good.example'], MX: [{ preference: 10, exchange: 'mx.good.example' }] },
      'mx.good.example': { A: [THERE] },
      'tls.good.example': { A: [THERE] },
      '_smtp._tls.good.example': { TXT: [`v=TLSRPTv1; rua=mailto:tls@good.example,${post}`] },
    },
    { insecure: ['good.example'] },
  );
  await using server = await startServer({
    accounts: ['ala'],
    config: `[dns]\nservers = ["${dns.server.address}:${dns.server.port}"]\n[authenticity]\ntrusted_networks = []\n`,
    internet: { mxPort: peer.port, authorities: [collector.ca] },
  });
  const text = 'From: a@good.example\r\nTo: ala@capri.test\r\nMessage-ID: <1@good.example>\r\nSubject: hello\r\n\r\ntext\r\n';
  const incoming = await SmtpClient.connect(server.ports.smtp, { tls: false });
  const signed = good.sign(Buffer.from(text), Date.now() - 60_000).toString('latin1');
  const taken = await incoming.deliver('a@good.example', ['ala@capri.test'], signed.replace(/\r\n$/, ''));
  assert.ok(taken.isOk, taken.lines.join());
  const refused = await incoming.deliver('x@forger.example', ['ala@capri.test'], text);
  assert.match(refused.lines.join(), /^550 5\.7\.26/);
  incoming.close();
  const outgoing = await SmtpClient.connect(server.ports.submissions, { tls: true, user: 'ala', password: server.password });
  assert.ok((await outgoing.deliver('ala@capri.test', ['b@good.example'], 'From: ala@capri.test\r\nSubject: out\r\n\r\ntext')).isOk);
  outgoing.close();
  await until(() => peer.received.length === 1);

  // What was counted of sessions is written down when the server stops; then the day passes.
  assert.equal(await server.stop(), 0);
  const day = lastDay(Date.now());
  moveTo(server, day);
  // Commands work without a server too.
  assert.deepEqual(await server.capri('reports', 'sent', '--lang', 'en'), { status: 0, output: 'No reports were sent.\n' });
  await server.start();
  const tooEarly = await server.capri('reports', 'send', '--day', new Date().toISOString().slice(0, 10));
  assert.match(tooEarly.output, /is not over/);
  assert.equal(tooEarly.status, 1);
  const tooLate = await server.capri('reports', 'send', '--day', new Date(Date.now() - 61 * 86_400_000).toISOString().slice(0, 10));
  assert.match(tooLate.output, /is too long ago/, 'who got a report then is forgotten, and would get another');
  assert.equal(tooLate.status, 1);
  const sending = await server.capri('reports', 'send', '--day', day, '--lang', 'en');
  assert.equal(sending.status, 0, sending.output);
  assert.match(
    sending.output,
    new RegExp(`^Queued of ${day}:\\n  dmarc good\\.example to reports@good\\.example \\(\\w{16}\\)\\n  tls good\\.example to tls@good\\.example, ${post} `),
  );
  await until(() => peer.received.length === 3 && collector.posts.length === 1);
  const again = await server.capri('reports', 'send', '--day', day, '--lang', 'pl');
  assert.equal(again.output, `Nic nie zostało do wysłania z dnia ${day}.\n`);

  const mails = peer.received.slice(1);
  assert.ok(mails.every(({ sender, secure }) => sender === 'noreply-dmarc@capri.test' && secure));
  const dmarc = await attachmentOf(mails, 'reports@good.example', 'application/gzip');
  await isDmarcReport(dmarc.text);
  const begin = dayStartMs(day) / 1000;
  assert.match(dmarc.fileName, new RegExp(`^mail\\.capri\\.test!good\\.example!${begin}!${begin + 86_399}!\\w{16}\\.xml\\.gz$`));
  assert.match(dmarc.text, /<p>reject<\/p>[^]*<disposition>pass<\/disposition>\n<dkim>pass<\/dkim>\n<spf>pass<\/spf>/);
  assert.match(dmarc.text, /<disposition>reject<\/disposition>\n<dkim>fail<\/dkim>\n<spf>fail<\/spf>/);
  assert.match(dmarc.whole, /^DKIM-Signature: [^]*?d=capri\.test;/m);

  const tls = await attachmentOf(mails, 'tls@good.example', 'application/tlsrpt+gzip');
  assert.match(tls.whole, /^DKIM-Signature: [^]*?tls-report-submitter/m);
  assert.equal(gunzipSync(collector.posts[0]?.body ?? Buffer.alloc(0)).toString(), tls.text, 'the very same by HTTPS');
  const { 'report-id': id, ...report } = JSON.parse(tls.text) as Record<string, unknown>;
  assert.deepEqual(report, {
    'organization-name': 'capri.test',
    'date-range': { 'start-datetime': `${day}T00:00:00Z`, 'end-datetime': `${day}T23:59:59Z` },
    'contact-info': 'postmaster@capri.test',
    policies: [
      {
        policy: { 'policy-type': 'no-policy-found', 'policy-domain': 'good.example' },
        summary: { 'total-successful-session-count': 1, 'total-failure-session-count': 0 },
      },
    ],
  });

  await until(async () => (await sentReports(server)).every(({ to }) => to.every(({ state }) => state === 'delivered')));
  const sent = await sentReports(server);
  assert.deepEqual(
    sent.map(({ kind, domain, to }) => [kind, domain, to.map(({ address }) => address)]),
    [
      ['dmarc', 'good.example', ['reports@good.example']],
      ['tls', 'good.example', ['tls@good.example', post]],
    ],
  );
  assert.equal(sent[1]?.id, id);
  assert.equal(sent[1]?.to[1]?.said, 'tls.good.example: HTTP 201 Created');
  const story = await server.capri('trail', String(id), '--lang', 'en');
  assert.match(
    story.output.replace(/\s+/g, ' '),
    /Delivered to https:\/\/tls\.good\.example:\d+\/v1 by tls\.good\.example over TLS 1\.3 \(TLS_\w+\), server verified\./,
  );
  const table = await server.capri('reports', 'sent', '--lang', 'pl');
  assert.match(table.output, new RegExp(`^DZIEŃ +RODZAJ[^]*${day} +tls +good\\.example +tls@good\\.example +dotarł`));
});

/** As if everything so far had happened on that day. */
function moveTo(server: TestServer, day: string): void {
  const database = new Sqlite(metadataFile(path.resolve(server.directory, readConfig(server.configFile).server.dataDirectory)));
  database.prepare('UPDATE trail SET at = ? + at % 86400000').run(dayStartMs(day));
  for (const table of ['tls_report_policy', 'tls_report_count']) database.prepare(`UPDATE OR REPLACE ${table} SET day = ?`).run(day);
  database.close();
}

async function sentReports(server: TestServer): Promise<readonly ShownSentReport[]> {
  const { status, output } = await server.capri('reports', 'sent', '--json');
  assert.equal(status, 0, output);
  return JSON.parse(output) as readonly ShownSentReport[];
}

interface Attachment {
  readonly whole: string;
  readonly fileName: string;
  readonly text: string;
}

async function attachmentOf(
  mails: ReadonlyArray<{ readonly recipients: readonly string[]; readonly text: string }>,
  to: string,
  type: string,
): Promise<Attachment> {
  const whole = mails.find(({ recipients }) => recipients.includes(to))?.text ?? assert.fail(`nothing for ${to}`);
  const [attachment] = (await simpleParser(whole)).attachments;
  assert.equal(attachment?.contentType, type);
  return { whole, fileName: attachment?.filename ?? '', text: gunzipSync(attachment?.content ?? Buffer.alloc(0)).toString() };
}

async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (await isTrue()) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  assert.fail('it did not happen in time');
}
