/** Mail from elsewhere at port 25 of a whole server with a DNS: taken, Junk, refused; and what the server asks its administrator to publish. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ShownKey, ShownRecord } from '#admin/domain-dns.ts';
import { authenticDomain } from '../support/authentic-mail.ts';
import { FakeDns } from '../support/dns.ts';
import { ImapClient, SmtpClient } from '../support/line-client.ts';
import { startServer, type TestServer } from '../support/server.ts';

test('mail is taken, put into Junk or refused by what the DNS says of its author, and each copy tells', { timeout: 60_000 }, async () => {
  const good = authenticDomain({ domain: 'good.example', address: '127.0.0.1', policy: 'reject' });
  const away = authenticDomain({ domain: 'away.example', address: '192.0.2.1', policy: 'reject' });
  const careful = authenticDomain({ domain: 'careful.example', address: '192.0.2.1', policy: 'quarantine' });
  await using dns = await FakeDns.start({ ...away.zone, ...careful.zone, ...good.zone });
  await using server = await startServer({ accounts: ['ala'], config: configFor(dns) });

  assert.match(await send(server, 'a@good.example', good.sign(mail('a@good.example'), Date.now() - 60_000)), /^250 /);
  assert.match(await send(server, 'a@careful.example', mail('a@careful.example')), /^250 /);
  assert.match(await send(server, 'a@away.example', mail('a@away.example')), /^550 5\.7\.26 Mail of away\.example must be authenticated/);

  const imap = await ImapClient.connect(server.ports.imaps, 'ala', server.password);
  assert.match(await results(imap, 'INBOX'), /spf=pass[^]*dkim=pass[^]*dmarc=pass/);
  assert.match(await results(imap, 'Junk'), /spf=fail[^]*dkim=none[^]*dmarc=fail/);
  const trail = await server.capri('trail', 'ala@capri.test', '--lang', 'en');
  assert.equal(trail.status, 0, trail.output);
  assert.match(trail.output, /away\.example/, 'the refused one is told of');
});

test('capri domain dns says what to publish and what is there; rotated keys wait for their records', { timeout: 60_000 }, async () => {
  await using dns = await FakeDns.start({
    'capri.test': { MX: [{ preference: 5, exchange: 'mail.capri.test' }], TXT: ['v=spf1 ip4:192.0.2.5 -all', 'other'] },
    'mail.capri.test': { A: ['192.0.2.5'] },
    '5.2.0.192.in-addr.arpa': { PTR: ['wrong.example'] },
    '_dmarc.capri.test': { TXT: ['v=DMARC1; p=none; rua=mailto:x@capri.test'] },
  });
  await using server = await startServer({ accounts: ['ala'], config: `[smtp]\nhostname = "mail.capri.test"\n${configFor(dns)}` });

  const records = await json<readonly ShownRecord[]>(server, 'domain', 'dns', 'capri.test');
  const status = (purpose: string): readonly string[] => records.filter((record) => record.purpose === purpose).map((record) => record.status);
  assert.deepEqual([status('mx'), status('spf'), status('ptr'), status('dmarc')], [['there'], ['there'], ['different'], ['different']]);
  assert.deepEqual([status('dkim'), status('tls-rpt'), status('spf-helo')], [['missing', 'missing'], ['missing'], ['missing']]);
  assert.ok(status('service').length > 0 && records.every(({ line }) => /^[!-~]+ (?:MX|A\/AAAA|PTR|TXT|SRV)/.test(line)));

  for (const { purpose, name, value } of records) if (purpose === 'dkim') dns.zone[name] = { TXT: [value.match(/.{1,250}/g) ?? []] };
  const rotated = await json<readonly ShownKey[]>(server, 'domain', 'rotate-keys', 'capri.test');
  assert.deepEqual(rotated.map(({ state }) => state).toSorted(), ['active', 'active', 'upcoming', 'upcoming']);
  const again = await json<readonly ShownKey[]>(server, 'domain', 'rotate-keys', 'capri.test', '--at-once');
  assert.deepEqual(again.map(({ state }) => state).toSorted(), ['active', 'active', 'retired', 'retired']);

  const polish = await server.capri('domain', 'dns', 'capri.test', '--lang', 'pl');
  assert.match(polish.output, /^\[jest\] capri\.test\. MX 10 mail\.capri\.test\.$/m);
  const unknown = await server.capri('domain', 'dns', 'nobody.test');
  assert.notEqual(unknown.status, 0);
  assert.match(unknown.output, /there is no domain nobody\.test/);
});

function configFor({ server }: FakeDns): string {
  return `[dns]\nservers = ["${server.address}:${server.port}"]\n[authenticity]\ntrusted_networks = []\n`;
}

/** The reply to the end of data. */
async function send({ ports }: TestServer, from: string, message: Buffer): Promise<string> {
  const smtp = await SmtpClient.connect(ports.smtp, { tls: false });
  for (const command of [`MAIL FROM:<${from}>`, 'RCPT TO:<ala@capri.test>', 'DATA']) assert.ok((await smtp.command(command)).lines[0]?.match(/^[23]/), command);
  const { lines } = await smtp.command(`${message.toString('latin1')}.`);
  await smtp.command('QUIT');
  return lines.join('\n');
}

async function results(imap: ImapClient, mailbox: string): Promise<string> {
  await imap.command(`EXAMINE ${mailbox}`);
  return (await imap.command('FETCH 1:* (BODY.PEEK[HEADER.FIELDS (AUTHENTICATION-RESULTS)])')).untagged.join('\n');
}

async function json<Output>(server: TestServer, ...words: readonly string[]): Promise<Output> {
  const { status, output } = await server.capri(...words, '--json');
  assert.equal(status, 0, output);
  return JSON.parse(output) as Output;
}

function mail(from: string): Buffer {
  return Buffer.from(`From: ${from}\r\nTo: ala@capri.test\r\nMessage-ID: <${from}>\r\nSubject: hello\r\n\r\ntext\r\n`);
}
