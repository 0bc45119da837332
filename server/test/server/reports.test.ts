/** Reports of other servers, from port 25 to the command line. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { SmtpClient } from '../support/line-client.ts';
import { startServer, type TestServer } from '../support/server.ts';

test('a DMARC report that comes in is shown by `capri reports`, as a table and as JSON', { timeout: 120_000 }, async () => {
  await using server = await startServer({ accounts: ['ala'] });
  const client = await SmtpClient.connect(server.ports.smtp, { tls: false });
  const reply = await client.deliver('reports@far.example', ['dmarc-reports@capri.test'], reportMail('capri.test'));
  assert.ok(reply.isOk, reply.lines.join(' '));
  client.close();
  let shown: readonly Shown[] = [];
  for (let tries = 0; tries < 200 && shown.length === 0; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 300));
    shown = JSON.parse((await capri(server, 'reports', 'dmarc', '--days', '3650', '--json')) || '[]') as readonly Shown[];
  }
  assert.deepEqual(
    shown.map(({ domain, passed, failed, reporters }) => [domain, passed, failed, reporters]),
    [['capri.test', 0, 4, ['Far']]],
  );
  assert.match(
    await capri(server, 'reports', 'dmarc', '--days', '3650', '--lang', 'en'),
    /^capri\.test: messages passed: 0, failed: 4; reports: 1, of Far .*\nRESULT +MESSAGES .*\nFAIL +4 +198\.51\.100\.66 +capri\.test/,
  );
  assert.equal(await capri(server, 'reports', 'tls', '--lang', 'pl'), 'Nie ma jeszcze raportów TLS.\n');
  assert.equal(await capri(server, 'reports', 'complaints', '--lang', 'en'), 'Nobody has complained.\n');
  assert.deepEqual(await server.capri('reports', 'dmarc', '--days', 'x'), { status: 2, output: 'capri: --days x is not a number of days\n' });
});

interface Shown {
  readonly domain: string;
  readonly passed: number;
  readonly failed: number;
  readonly reporters: readonly string[];
}

async function capri(server: TestServer, ...words: readonly string[]): Promise<string> {
  const { status, output } = await server.capri(...words);
  assert.equal(status, 0, output);
  return output;
}

function reportMail(domain: string): string {
  const xml = `<feedback><report_metadata><org_name>Far</org_name><email>a@far.example</email><report_id>r1</report_id><date_range><begin>1795305600</begin><end>1795391999</end></date_range></report_metadata><policy_published><domain>${domain}</domain><p>reject</p></policy_published><record><row><source_ip>198.51.100.66</source_ip><count>4</count><policy_evaluated><disposition>reject</disposition><dkim>fail</dkim><spf>fail</spf></policy_evaluated></row><identifiers><header_from>${domain}</header_from></identifiers></record></feedback>`;
  const packed = gzipSync(xml)
    .toString('base64')
    .replace(/(.{76})/g, '$1\r\n');
  return `From: reports@far.example\r\nSubject: Report Domain: ${domain}\r\nContent-Type: application/gzip\r\nContent-Transfer-Encoding: base64\r\n\r\n${packed}`;
}
