/** Forwarding between whole servers: to one that judges as Gmail does, round in circles, and back to the true sender. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dkimDnsRecord, generateDkimKeys, readSigningKey, type SigningKey } from '#authenticity/dkim/keys.ts';
import { hashWholeBody, signDkim } from '#authenticity/dkim/sign.ts';
import { Header } from '#message/header.ts';
import { FakeDns, type Zone } from '../support/dns.ts';
import { hasOutsideVerifier, judgeAsGmail, startGmail, verifiesOutside } from '../support/gmail-rules.ts';
import { ImapClient, SmtpClient } from '../support/line-client.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { startPeer } from '../support/smtp-peer.ts';

/** What the world takes for the address of the server under test. */
const PUBLIC = '203.0.113.5';

const zone: Zone = {
  'here.test': { TXT: [`v=spf1 ip4:${PUBLIC} -all`] },
  'mail.here.test': { A: [PUBLIC], TXT: [`v=spf1 ip4:${PUBLIC} -all`] },
  '5.113.0.203.in-addr.arpa': { PTR: ['mail.here.test'] },
  'gmail.test': { TXT: ['v=spf1 ip4:127.0.0.1 -all'] },
  'strict.test': { TXT: ['v=spf1 ip4:127.0.0.1 -all'] },
  '_dmarc.strict.test': { TXT: ['v=DMARC1; p=reject'] },
  'loose.test': { TXT: ['v=spf1 ip4:127.0.0.1 -all'] },
};

test('what Gmail would refuse is not forwarded to it, but kept and told; what it accepts is forwarded as its author signed it', {
  timeout: 180_000,
}, async (t) => {
  await using dns = await FakeDns.start(structuredClone(zone));
  const rules = { resolver: dns.resolver(), clientAddress: PUBLIC };
  await using gmail = await startGmail(rules, (address) => address === 'jan@gmail.test');
  await using here = await startServer({ domain: 'here.test', accounts: ['jan'], config: config(dns, { 'gmail.test': gmail.port }) });
  const key = await signingKey('strict.test', dns);
  await publishKeys(here, dns);

  const added = await here.capri('forward', 'add', 'jan', 'jan@gmail.test', '--json');
  assert.equal(added.status, 0, added.output);
  await until('the question arrives', () => gmail.accepted.length === 1);
  const question = gmail.accepted[0]?.mail.text ?? '';
  assert.equal(
    gmail.accepted[0]?.checks.dkim.some(({ result, domain }) => result === 'pass' && domain === 'here.test'),
    true,
  );
  const [, answerTo = ''] = /^From: Capri <(forward-confirm\+[a-z2-7]{16}@here\.test)>\r$/m.exec(question) ?? [];
  await deliver(here, 'jan@gmail.test', answerTo, letter('jan@gmail.test', 'Re: yes'));
  const listed = JSON.parse((await here.capri('forward', 'list', '--json')).output) as readonly { readonly state: string }[];
  assert.deepEqual(
    listed.map(({ state }) => state),
    ['active'],
  );

  const signed = sign(letter('ann@strict.test', 'signed'), key);
  await deliver(here, 'ann@strict.test', 'jan@here.test', signed);
  await until('the signed letter arrives', () => gmail.accepted.length === 2);
  const arrived = gmail.accepted[1];
  assert.equal(arrived?.folder, 'inbox');
  assert.equal(arrived.checks.dmarc.result, 'pass');
  assert.equal(arrived.checks.spf.domain, 'here.test');
  assert.match(arrived.mail.sender, /^SRS0=[a-z2-7]{16,20}=[a-z2-7]{2}=strict\.test=ann@here\.test$/);
  assert.ok(arrived.mail.text.endsWith(signed), 'every octet of the author is there');
  if (hasOutsideVerifier) assert.ok(verifiesOutside(arrived.mail.text, { 's1._domainkey.strict.test': dkimDnsRecord(key.privateKey).text }));
  else t.diagnostic('python3-dkim is not here: the signature was verified by our own code only');

  const unsigned = letter('ann@strict.test', 'unsigned');
  const asSent = { helo: 'mail.here.test', recipients: ['jan@gmail.test'], isSecure: true, text: unsigned };
  const naive = await judgeAsGmail(rules, { ...asSent, sender: arrived.mail.sender });
  assert.match(naive.kind === 'refused' ? naive.reply.text : '', /^5\.7\.26 Unauthenticated email from strict\.test is not accepted/);
  await deliver(here, 'ann@strict.test', 'jan@here.test', unsigned);
  await until('the user is told', async () => (await inbox(here, 'jan')).includes('Subject: Not forwarded, but kept for you: mail from strict.test'));
  assert.match(await inbox(here, 'jan'), /Subject: unsigned/);

  await deliver(here, 'bob@loose.test', 'jan@here.test', letter('bob@loose.test', 'without a policy'));
  const subjects = (): readonly string[] => gmail.accepted.map(({ mail }) => /^Subject: (.*)\r$/m.exec(mail.text)?.[1] ?? '').toSorted();
  await until('the rest arrives', () => gmail.accepted.length === 4);
  assert.deepEqual(subjects(), [
    'Do you agree to get the mail of jan@here.test?',
    'Not forwarded, but kept for you: mail from strict.test',
    'signed',
    'without a policy',
  ]);
  assert.deepEqual(gmail.refused, []);

  await ok(here, 'domain', 'set', 'here.test', '--arc-seal', 'yes');
  await deliver(here, 'ann@strict.test', 'jan@here.test', sign(letter('ann@strict.test', 'to be sealed'), key));
  await until('the sealed letter arrives', () => gmail.accepted.length === 5);
  const sealed = gmail.accepted[4];
  assert.deepEqual([sealed?.checks.arc.result, sealed?.checks.arc.sealers, sealed?.checks.dmarc.alignedDkim], ['pass', ['here.test'], true]);
  assert.match(sealed?.checks.arc.authenticationResults ?? '', /dmarc=pass/);
  assert.match((await here.capri('trail', 'ann@strict.test', '--lang', 'en')).output, /Not forwarded from jan@here\.test to jan@gmail\.test/);
});

test('a bounce of forwarded mail finds its true sender, with the words of the other server, whoever sends it', { timeout: 180_000 }, async () => {
  await using dns = await FakeDns.start(structuredClone(zone));
  await using gmail = await startGmail({ resolver: dns.resolver(), clientAddress: PUBLIC }, (address) => address === 'ola@gmail.test');
  await using outside = await startPeer();
  await using here = await startServer({
    domain: 'here.test',
    accounts: ['jan', 'ola'],
    config: config(dns, { 'gmail.test': gmail.port, 'loose.test': outside.port }),
  });
  await ok(here, 'forward', 'add', 'jan@here.test', 'gone@gmail.test', '--no-copy', '--confirmed');
  await ok(here, 'forward', 'add', 'ola', 'ola@gmail.test');
  await until('the question arrives', () => gmail.accepted.length === 1);
  const [, code = ''] = /^From: Capri <forward-confirm\+([a-z2-7]{16})@here\.test>\r$/m.exec(gmail.accepted[0]?.mail.text ?? '') ?? [];
  assert.notEqual((await here.capri('forward', 'confirm', 'ola', 'ola@gmail.test', 'aaaaaaaaaaaaaaaa')).status, 0);
  await ok(here, 'forward', 'confirm', 'ola', 'ola@gmail.test', code);
  assert.notEqual((await here.capri('forward', 'confirm', 'ola', 'ola@gmail.test', code)).status, 0, 'a code is used once');

  await deliver(here, 'Ann.Nowak@loose.test', 'jan@here.test', letter('Ann.Nowak@loose.test', 'to nobody'));
  await until('our own bounce', () => outside.received.length === 1);
  const [bounce] = outside.received;
  assert.deepEqual([bounce?.sender, bounce?.recipients], ['', ['Ann.Nowak@loose.test']]);
  assert.match(bounce?.text ?? '', /The email account that you tried to reach does not exist/);
  assert.match(bounce?.text ?? '', /Original-Recipient: rfc822;\s?jan@here\.test/);

  await deliver(here, 'Ann.Nowak@loose.test', 'ola@here.test', letter('Ann.Nowak@loose.test', 'later'));
  await until('it is forwarded', () => gmail.accepted.length === 2);
  const rewritten = gmail.accepted[1]?.mail.sender ?? '';
  await deliver(here, '', rewritten, letter('mailer-daemon@gmail.test', 'a bounce of theirs'));
  await until('their bounce', () => outside.received.length === 2);
  assert.deepEqual([outside.received[1]?.sender, outside.received[1]?.recipients], ['', ['Ann.Nowak@loose.test']]);
  assert.match(outside.received[1]?.text ?? '', /Subject: a bounce of theirs/);

  const reply = await tryDelivery(here, '', rewritten.replace('loose.test', 'victim.test'));
  assert.match(reply, /^550 5\.1\.1 /);

  for (const subject of ['second', 'third']) await deliver(here, 'Ann.Nowak@loose.test', 'jan@here.test', letter('Ann.Nowak@loose.test', subject));
  await until('the user hears of the pause', async () => (await inbox(here, 'jan')).includes('Subject: Forwarding to gone@gmail.test is paused'));
  const listed = JSON.parse((await here.capri('forward', 'list', '--of', 'jan', '--json')).output) as readonly {
    readonly state: string;
    readonly lastReply: string;
  }[];
  assert.equal(listed[0]?.state, 'paused');
  assert.match(listed[0].lastReply, /does not exist/);
  const trail = await here.capri('trail', 'gone@gmail.test', '--lang', 'en');
  assert.match(trail.output, /Forwarded from jan@here\.test to gone@gmail\.test[^]*550 5\.1\.1 The email\s+account that you tried to reach does not exist/);
  await ok(here, 'forward', 'remove', 'jan@here.test', 'gone@gmail.test');
});

test('two servers that forward to each other deliver a message once at each, and stop', { timeout: 180_000 }, async () => {
  await using dns = await FakeDns.start({ ...structuredClone(zone), 'there.test': { TXT: ['v=spf1 ip4:127.0.0.1 -all'] } });
  await using there = await startServer({ domain: 'there.test', accounts: ['ola'], config: config(dns, {}) });
  await using here = await startServer({ domain: 'here.test', accounts: ['jan'], config: config(dns, { 'there.test': there.ports.smtp }) });
  await ok(here, 'forward', 'add', 'jan', 'ola@there.test', '--confirmed');
  await ok(there, 'forward', 'add', 'ola', 'jan@here.test', '--confirmed', '--no-copy');
  await deliver(here, 'bob@loose.test', 'jan@here.test', letter('bob@loose.test', 'round'));
  await until('it arrives there', async () => (await inbox(there, 'ola')).includes('Subject: round'));
  for (const server of [here, there]) assert.doesNotMatch((await server.capri('queue', 'list', '--json')).output, /@/);
  assert.equal((await inbox(here, 'jan')).split('Subject: round').length, 2);
});

function config(dns: FakeDns, routes: Readonly<Record<string, number>>): string {
  const tables = Object.entries(routes).map(([domain, port]) => `[[queue.routes]]\ndomain = "${domain}"\nhost = "127.0.0.1"\nport = ${port}\n`);
  return `[dns]\nservers = ["127.0.0.1:${dns.server.port}"]\n[authenticity]\ntrusted_networks = []\n${tables.join('')}`;
}

function letter(from: string, subject: string): string {
  const id = `<${subject.replace(/[^a-z]/gi, '')}@${from.split('@')[1] ?? ''}>`;
  return `From: <${from}>\r\nTo: jan@here.test\r\nSubject: ${subject}\r\nDate: ${new Date().toUTCString().replace('GMT', '+0000')}\r\nMessage-ID: ${id}\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="=_x"\r\n\r\n--=_x\r\n\r\nhello  \r\n\r\n--=_x--\r\n`;
}

async function signingKey(domain: string, dns: FakeDns): Promise<SigningKey> {
  const rsa = (await generateDkimKeys()).find(({ algorithm }) => algorithm === 'rsa-sha256');
  const key = readSigningKey({ domain, selector: 's1', pem: rsa?.pem ?? '' });
  dns.zone[`s1._domainkey.${domain}`] = { TXT: [dkimDnsRecord(key.privateKey).strings] };
  return key;
}

/** The keys of the server's own domain, as `capri domain dns` asks for them. */
async function publishKeys(server: TestServer, dns: FakeDns): Promise<void> {
  const { output } = await server.capri('domain', 'dns', server.domain, '--json');
  for (const [, name = '', value = ''] of output.matchAll(/"name":"([^"]*_domainkey[^"]*)","value":"([^"]*)"/g)) {
    dns.zone[name] = { TXT: [value.match(/.{1,255}/g) ?? []] };
  }
}

function sign(message: string, key: SigningKey): string {
  const end = message.indexOf('\r\n\r\n') + 4;
  const header = new Header(Buffer.from(message.slice(0, end), 'latin1'));
  const fields = signDkim({ header, bodyHash: hashWholeBody(Buffer.from(message.slice(end), 'latin1')), keys: [key], signedAtMs: Date.now() });
  return fields.toString('latin1') + message;
}

async function deliver(server: TestServer, from: string, to: string, message: string): Promise<void> {
  const client = await SmtpClient.connect(server.ports.smtp, { tls: false });
  // The client ends the last line itself.
  const reply = await client.deliver(from, [to], message.replace(/\r\n$/, ''));
  assert.ok(reply.isOk, reply.lines.join(' '));
  client.close();
}

/** The reply to RCPT. */
async function tryDelivery(server: TestServer, from: string, to: string): Promise<string> {
  const client = await SmtpClient.connect(server.ports.smtp, { tls: false });
  await client.command(`MAIL FROM:<${from}>`);
  const { lines } = await client.command(`RCPT TO:<${to}>`);
  client.close();
  return lines.join(' ');
}

async function ok(server: TestServer, ...words: readonly string[]): Promise<void> {
  const { status, output } = await server.capri(...words);
  assert.equal(status, 0, output);
}

/** Every message of INBOX, one behind the other. */
async function inbox(server: TestServer, login: string): Promise<string> {
  const client = await ImapClient.connect(server.ports.imaps, login, server.password);
  await client.command('EXAMINE INBOX');
  const { untagged } = await client.command('UID FETCH 1:* BODY.PEEK[]');
  client.close();
  return untagged.join('\r\n');
}

async function until(what: string, isTrue: () => Promise<boolean> | boolean): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (await isTrue()) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  assert.fail(`it did not happen in time: ${what}`);
}
