/** Nobody sends through this server but who has signed in, and nobody who has signed in writes in another's name. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseHeaderMailboxes } from '#message/address.ts';
import { Header } from '#message/header.ts';
import { SmtpClient } from '../support/line-client.ts';
import { startServer, type TestServer } from '../support/server.ts';
import { startPeer } from '../support/smtp-peer.ts';

const SENDERS = ['', 'ala@here.test', 'postmaster@here.test', 'somebody@outside.test', 'ala@[127.0.0.1]'];

/** Each would lead elsewhere if any part of it were taken for something else than what it is. */
const ELSEWHERE = [
  'victim@outside.test',
  'victim@OUTSIDE.TEST',
  'victim@outside.test.',
  'postmaster@outside.test',
  'victim%outside.test@here.test',
  'victim%outside.test%here.test@here.test',
  'victim%outside.test@mail.here.test',
  'outside.test!victim@here.test',
  'here.test!outside.test!victim@here.test',
  'outside.test!victim',
  'victim%outside.test',
  'victim',
  '"victim@outside.test"@here.test',
  '"victim%outside.test"@here.test',
  '"victim@outside.test"',
  'victim@outside.test@here.test',
  '@here.test:victim@outside.test',
  '@here.test,@outside.test:victim@outside.test',
  '@outside.test:victim@here.test',
  'victim@[127.0.0.1]',
  'ala@[127.0.0.1]',
  'victim@[IPv6:::1]',
  'victim@[IPv6:::ffff:127.0.0.1]',
  'victim@[203.0.113.9]',
  'victim@127.0.0.1',
  'victim@localhost',
  'ala@mail.here.test',
  'ala@sub.here.test',
  'ala@here.test,victim@outside.test',
  'ala@here.test> <victim@outside.test',
  'SRS0=aaaaaaaa=aa=outside.test=victim@here.test',
  'SRS0+aaaaaaaa=aa=outside.test=victim@here.test',
  'SRS0-AAAA-BB-outside.test-victim@here.test',
  'SRS0==aa=outside.test=victim@here.test',
  'SRS1=aaaaaaaa=outside.test==bbbb=cc=elsewhere.test=victim@here.test',
  'srs1=aaaaaaaa=outside.test==victim@here.test',
  '"SRS0=aaaaaaaa=aa=outside.test=victim"@here.test',
  'forward-confirm+aaaaaaaaaaaaaaaa@here.test',
  '',
];

test('port 25 takes mail for addresses here and for nobody else, whatever the address hides and whoever sends', { timeout: 120_000 }, async () => {
  await using outside = await startPeer();
  await using here = await startServer({ domain: 'here.test', accounts: ['ala'], config: routes(outside.port) });
  for (const sender of SENDERS) {
    const client = await SmtpClient.connect(here.ports.smtp, { tls: false });
    for (const [index, recipient] of ELSEWHERE.entries()) {
      await client.command(`MAIL FROM:<${sender}>`);
      const { lines, isOk } = await client.command(`RCPT TO:<${recipient}>`);
      assert.ok(!isOk && lines[0]?.startsWith('5'), `${sender} ${recipient}: ${lines.join(' ')}`);
      await client.command('RSET');
      // Many refusals end the conversation: that is another rule.
      if (index % 15 === 14) await client.deliver(sender === 'ala@[127.0.0.1]' ? '' : sender, ['ala@here.test'], 'Subject: for somebody here\r\n');
    }
    client.close();
  }
  const client = await SmtpClient.connect(here.ports.smtp, { tls: false });
  for (const command of ['AUTH PLAIN AGFsYQB0ZXN0LXBhc3N3b3Jk', 'XCLIENT LOGIN=ala', 'ETRN outside.test', 'TURN'])
    assert.ok(!(await client.command(command)).isOk, command);
  client.close();
  assert.doesNotMatch((await here.capri('queue', 'list', '--json')).output, /victim/);
  assert.deepEqual(outside.received, []);
});

test('submission: no header makes a message of one account look like another’s', { timeout: 120_000 }, async () => {
  await using outside = await startPeer();
  await using here = await startServer({ domain: 'here.test', accounts: ['ala', 'boss'], config: routes(outside.port) });
  const refused = [
    'From: boss@here.test',
    'From: ala@here.test\r\nFrom: boss@here.test',
    'From: boss@here.test\r\nFrom: ala@here.test',
    'From : boss@here.test\r\nFrom: ala@here.test',
    'From\t: boss@here.test\r\nFrom: ala@here.test',
    ' From: boss@here.test\r\nFrom: ala@here.test',
    'From: ala@here.test\r\n\tboss@here.test',
    'From: ala@here.test,\r\n boss@here.test',
    'From: <ala@here.test> <boss@here.test>',
    'From: boss@here.test <ala@here.test',
    'From: ala@here.test (comment\r\nX: y',
    'From: "ala@here.test" <boss@here.test>',
    'From: =?utf-8?q?boss=40here=2Etest?=',
    'From: <=?utf-8?q?boss=40here=2Etest?=>',
    'From: Group: boss@here.test;',
    'From: Group: ala@here.test, boss@here.test;',
    'From: <@here.test:boss@here.test>',
    'From: boss @ here.test',
    'From: "boss"@here.test',
    'From: boss@HERE.test',
    'From: BOSS+x@here.test',
    'From: postmaster@here.test',
    'From: boss@outside.test, boss@here.test',
    'From:',
    'From: ala',
    'Sender: boss@here.test\r\nFrom: ala@here.test',
    'Sender: ala@here.test\r\nSender: boss@here.test\r\nFrom: ala@here.test',
    'Resent-From: boss@here.test\r\nFrom: ala@here.test',
    'Resent-Sender: boss@here.test\r\nResent-From: ala@here.test\r\nFrom: ala@here.test',
    'Resent-From: ala@here.test\r\nResent-From: boss@here.test\r\nFrom: ala@here.test',
    '\r\nFrom: ala@here.test',
    'no field\r\nFrom: ala@here.test',
    'From: ala@here.test\nFrom: boss@here.test',
    'From: ala@here.test\rFrom: boss@here.test',
    'X: y\nFrom: boss@here.test\r\nFrom: ala@here.test',
    'X: y\0\r\nFrom: boss@here.test',
  ];
  const client = await signIn(here);
  for (const header of refused) {
    const reply = await client.deliver('ala@here.test', ['victim@outside.test'], `${header}\r\nSubject: refused\r\n\r\ntext`);
    assert.ok(!reply.isOk && reply.lines[0]?.startsWith('5'), `${JSON.stringify(header)}: ${reply.lines.join(' ')}`);
    await client.command('RSET');
    // So that many refusals do not end the conversation.
    assert.ok((await client.deliver('ala@here.test', ['ala@here.test'], 'From: ala@here.test\r\n\r\ntext')).isOk);
  }
  for (const sender of [
    'boss@here.test',
    'postmaster@here.test',
    '"boss"@here.test',
    'boss+x@here.test',
    'x@outside.test',
    'SRS0=aaaaaaaa=aa=outside.test=x@here.test',
  ]) {
    const { lines } = await client.command(`MAIL FROM:<${sender}>`);
    assert.match(lines[0] ?? '', /^553 5\.7\.1 /, sender);
  }
  const taken = [
    'From: Ala <ALA@here.test>',
    'From: "boss@here.test" <ala+x@here.test>',
    'From: boss@outside.test',
    'Resent-From: ala@here.test\r\nFrom: ala@here.test',
  ];
  for (const header of taken)
    assert.ok((await client.deliver('ala@here.test', ['victim@outside.test'], `${header}\r\nSubject: taken\r\n\r\ntext`)).isOk, header);
  client.close();
  for (let tries = 0; outside.received.length < taken.length && tries < 300; tries++) await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(outside.received.length, taken.length);
  for (const { sender, text } of outside.received) {
    assert.equal(sender, 'ala@here.test');
    const header = new Header(Buffer.from(text.slice(0, text.indexOf('\r\n\r\n') + 4), 'latin1'));
    const authors = header.all('from').flatMap((value) => parseHeaderMailboxes(value).map(({ localPart, domain }) => `${localPart}@${domain}`.toLowerCase()));
    assert.match(authors.join(), /^ala(?:\+x)?@here\.test$/);
  }
});

function routes(port: number): string {
  return `[[queue.routes]]\ndomain = "outside.test"\nhost = "127.0.0.1"\nport = ${port}\n`;
}

async function signIn(server: TestServer): Promise<SmtpClient> {
  return await SmtpClient.connect(server.ports.submissions, { tls: true, user: 'ala', password: server.password });
}
