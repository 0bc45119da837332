/** Debian's Postfix as the far MX: what it takes arrives as it was sent, and whatever else it does ends in the right outcome. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { MailSession, OutboundMessage, TlsNeed } from '#queue/transport.ts';
import { TransportError } from '#queue/transport.ts';
import { SmtpTransport } from '#smtp/client/transport.ts';
import { FakeDns } from '../support/dns.ts';
import { needs } from '../support/outside.ts';
import { type Postfix, POSTFIX_NEEDS, startPostfix } from '../support/postfix.ts';

suite('Postfix as the far MX', needs(...POSTFIX_NEEDS), () => {
  test('takes mail over TLS, in one chunk, and files it octet for octet', async () => {
    await using postfix = await startPostfix();
    using session = await connect(postfix);
    assert.deepEqual([session.tls?.isVerified, session.tls?.version], [true, 'TLSv1.3']);
    const texts = [
      'Subject: plain\r\n\r\nHello.\r\n.dot\r\n..two\r\n',
      'Subject: no end\r\n\r\nlast line',
      `Subject: large\r\n\r\n${'.\r\n..\r\nA line of a large message.\r\n'.repeat(40_000)}`,
      'Subject: =?utf-8?Q?=C5=BC?=\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nza\xc5\xbc\xc3\xb3\xc5\x82\xc4\x87\r\n',
    ];
    for (const [n, text] of texts.entries()) {
      const outcomes = await session.send(message({ text, recipients: [`r${n}@peer.test`], isEightBit: /[\x80-\xff]/.test(text) }));
      assert.deepEqual(
        outcomes.map(({ kind, status }) => [kind, status]),
        [['delivered', '2.0.0']],
      );
    }
    for (const [n, text] of texts.entries()) {
      const [stored = ''] = await arrived(postfix, `r${n}@peer.test`, 1);
      const expected = text.replaceAll('\r\n', '\n');
      assert.ok(stored.endsWith(expected.endsWith('\n') ? expected : `${expected}\n`), `message ${n}`);
      assert.match(stored, /with ESMTPS id/);
    }
    assert.doesNotMatch(postfix.log(), /warning|error/i);
  });

  test('each recipient has its own outcome: accepted, refused, deferred, greylisted', async () => {
    await using postfix = await startPostfix();
    const seen = new Set<string>();
    postfix.answer = ({ state, recipient }) => {
      if (state !== 'RCPT') return 'DUNNO';
      if (recipient.startsWith('nobody')) return '550 5.1.1 no such user';
      if (recipient.startsWith('full')) return '452 4.2.2 mailbox full';
      if (recipient.startsWith('grey') && !seen.has(recipient)) {
        seen.add(recipient);
        return '450 4.7.1 greylisted, come again';
      }
      return 'DUNNO';
    };
    using session = await connect(postfix);
    const recipients = ['a@peer.test', 'nobody@peer.test', 'full@peer.test', 'grey@peer.test', 'b@peer.test', 'someone@elsewhere.test'];
    const first = await session.send(message({ recipients }));
    assert.deepEqual(
      first.map(({ kind, status }) => `${kind} ${status}`),
      ['delivered 2.0.0', 'failed 5.1.1', 'deferred 4.2.2', 'deferred 4.7.1', 'delivered 2.0.0', 'failed 5.7.1'],
    );
    const again = await session.send(message({ recipients: ['grey@peer.test'] }));
    assert.equal(again[0]?.kind, 'delivered');
    const none = await session.send(message({ recipients: ['nobody@peer.test', 'full@peer.test'] }));
    assert.deepEqual(
      none.map(({ kind }) => kind),
      ['failed', 'deferred'],
    );
    assert.equal((await session.send(message({ recipients: ['c@peer.test'] })))[0]?.kind, 'delivered');
    await Promise.all(['a', 'b', 'c', 'grey'].map((name) => arrived(postfix, `${name}@peer.test`, 1)));
  });

  test('internationalised addresses and notice parameters go through', async () => {
    await using postfix = await startPostfix();
    using session = await connect(postfix);
    const recipients = [{ address: 'żółć@peer.test', notify: ['FAILURE', 'DELAY'], originalRecipient: 'rfc822;zolc@peer.test' }];
    const made = { ...message({ text: 'Subject: x\r\n\r\nx\r\n', recipients: [] }), recipients, smtpUtf8: true, ret: 'HDRS' as const, envelopeId: 'a=b+c' };
    const outcomes = await session.send(made);
    assert.deepEqual(
      outcomes.map(({ kind, tellsFurther }) => [kind, tellsFurther]),
      [['delivered', true]],
    );
    await arrived(postfix, Buffer.from('żółć@peer.test').toString('latin1'), 1);
  });

  test('one message to 500 recipients is one connection and five transactions', async () => {
    await using postfix = await startPostfix();
    using session = await connect(postfix);
    const all = Array.from({ length: 500 }, (_, n) => `list${n}@peer.test`);
    for (let first = 0; first < all.length; first += 100) {
      const outcomes = await session.send(message({ recipients: all.slice(first, first + 100) }));
      assert.ok(outcomes.every(({ kind }) => kind === 'delivered'));
    }
    assert.equal(postfix.log().match(/: connect from/g)?.length, 1);
  });

  test('whatever it refuses or breaks off, at every stage, is told as it is', async () => {
    await using postfix = await startPostfix();
    const outcomes: string[] = [];
    for (const state of ['CONNECT', 'EHLO', 'MAIL', 'RCPT', 'DATA', 'END-OF-MESSAGE'])
      for (const action of ['550 5.7.1 not you', '450 4.7.1 later', '421 4.3.2 going down', '521 5.3.2 going for good']) {
        postfix.answer = (question) => (question.state === state ? action : 'DUNNO');
        outcomes.push(`${state} ${action.slice(0, 3)}: ${await attempt(postfix)}`);
      }
    assert.deepEqual(outcomes, EXPECTED);
    assert.equal((await arrived(postfix, 'stage@peer.test', 1)).length, 1);
  });

  test('TLS that does not work is left out, unless it is demanded', async () => {
    await using postfix = await startPostfix();
    using session = await connect(postfix, postfix.brokenTlsPort);
    assert.equal((await session.send(message({ recipients: ['x@peer.test'] })))[0]?.kind, 'delivered');
    await assert.rejects(connect(postfix, postfix.brokenTlsPort, 'required'), { name: 'TransportError', isPermanent: false });
    await assert.rejects(connect(postfix, postfix.plainPort, 'required'), { name: 'TransportError', status: '5.7.30', isPermanent: true });
    // Postfix of this age does not know REQUIRETLS.
    await assert.rejects(connect(postfix, postfix.port, 'required'), { name: 'TransportError', status: '5.7.30', isPermanent: true });
  });
});

const EXPECTED: readonly string[] = [
  'CONNECT 550: no session, for now 4.7.1',
  'CONNECT 450: no session, for now 4.7.1',
  'CONNECT 421: no session, for now 4.3.2',
  'CONNECT 521: no session, for good 5.3.2',
  // Who does not like EHLO may like HELO (RFC 5321 §3.2).
  'EHLO 550: delivered 2.0.0',
  'EHLO 450: no session, for now 4.7.1',
  'EHLO 421: no session, for now 4.3.2',
  'EHLO 521: no session, for now 4.4.1',
  'MAIL 550: failed 5.7.1',
  'MAIL 450: deferred 4.7.1',
  'MAIL 421: deferred 4.3.2',
  'MAIL 521: failed 5.3.2',
  'RCPT 550: failed 5.7.1',
  'RCPT 450: deferred 4.7.1',
  'RCPT 421: deferred 4.3.2',
  'RCPT 521: failed 5.3.2',
  'DATA 550: failed 5.7.1',
  'DATA 450: deferred 4.7.1',
  'DATA 421: deferred 4.3.2',
  'DATA 521: failed 5.3.2',
  'END-OF-MESSAGE 550: failed 5.7.1',
  'END-OF-MESSAGE 450: deferred 4.7.1',
  'END-OF-MESSAGE 421: deferred 4.3.2',
  'END-OF-MESSAGE 521: failed 5.3.2',
];

async function attempt(postfix: Postfix): Promise<string> {
  try {
    using session = await connect(postfix);
    const [outcome] = await session.send(message({ recipients: ['stage@peer.test'] }));
    return `${outcome?.kind} ${outcome?.status}${outcome?.isUnsure === true ? ' unsure' : ''}`;
  } catch (error) {
    if (error instanceof TransportError) return `no session, ${error.isPermanent ? 'for good' : 'for now'} ${error.status}`;
    throw error;
  }
}

async function connect(postfix: Postfix, port: number = postfix.port, tlsNeed?: TlsNeed): Promise<MailSession & Disposable> {
  await using dns = await FakeDns.start({ 'peer.test': { MX: [{ preference: 10, exchange: 'mx.peer.test' }] }, 'mx.peer.test': { A: ['127.0.0.1'] } });
  const transport = new SmtpTransport({ hostname: 'capri.test', resolver: dns.resolver(2000), hosts: { port, isAllowed: () => true }, ca: postfix.ca });
  const session = await transport.connect({ kind: 'domain', domain: 'peer.test', tlsNeed }, new AbortController().signal);
  return Object.assign(session, { [Symbol.dispose]: () => session.close() });
}

/** What has been filed for a recipient, when there is as much as is waited for. */
async function arrived(postfix: Postfix, recipient: string, count: number): Promise<readonly string[]> {
  const deadlineMs = performance.now() + 30_000;
  for (;;) {
    const found = postfix.received(recipient);
    if (found.length >= count) return found;
    if (performance.now() > deadlineMs) throw new Error(`nothing arrived for ${recipient}:\n${postfix.log()}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function message(options: { readonly text?: string; readonly recipients: readonly string[]; readonly isEightBit?: boolean }): OutboundMessage {
  const bytes = Buffer.from(options.text ?? 'Subject: x\r\n\r\nHello.\r\n', 'latin1');
  return {
    sender: 'a@capri.test',
    recipients: options.recipients.map((address) => ({ address, notify: undefined, originalRecipient: undefined })),
    sizeBytes: bytes.length,
    isEightBit: options.isEightBit ?? false,
    smtpUtf8: false,
    ret: undefined,
    envelopeId: undefined,
    read: async (start, length) => await Promise.resolve(bytes.subarray(start, start + length)),
  };
}
