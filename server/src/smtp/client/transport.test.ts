import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { FakeDns, type Zone } from '../../../test/support/dns.ts';
import { startPeer, startScriptedPeer } from '../../../test/support/smtp-peer.ts';
import { type Destination, TransportError } from '#queue/transport.ts';
import { message, never, open, polite, relay, TEXT } from '../../../test/support/outgoing-session.ts';
import { SmtpTransport } from './transport.ts';

suite('handing mail to another server', () => {
  test('goes to the MX hosts of a domain in their order, over TLS that is verified where it can be', async () => {
    await using peer = await startPeer();
    await using dns = await FakeDns.start({
      'peer.test': {
        MX: [
          { preference: 20, exchange: 'other.peer.test' },
          { preference: 10, exchange: 'mx.peer.test' },
        ],
      },
      'mx.peer.test': { A: ['127.0.0.1'] },
      'other.peer.test': { A: ['127.0.0.9'] },
    });
    using session = await open(dns, { kind: 'domain', domain: 'peer.test' }, peer.port);
    assert.equal(session.host, 'mx.peer.test [127.0.0.1]');
    assert.equal(session.tls?.isVerified, true);
    const outcomes = await session.send(message({ recipients: ['one@peer.test', 'two@peer.test'] }));
    assert.deepEqual(
      outcomes.map(({ kind, host }) => [kind, host]),
      [
        ['delivered', 'mx.peer.test'],
        ['delivered', 'mx.peer.test'],
      ],
    );
    const { text, recipients, sender, secure } = peer.received[0] ?? assert.fail();
    assert.deepEqual(
      { text, recipients, sender, secure },
      { text: TEXT, recipients: ['one@peer.test', 'two@peer.test'], sender: 'a@capri.test', secure: true },
    );
  });

  test('sends many messages over one connection', async () => {
    await using peer = await startPeer();
    await using dns = await FakeDns.start({});
    using session = await open(dns, relay(peer.port), 0);
    for (let n = 0; n < 20; n++) assert.equal((await session.send(message({ text: `X: ${n}\r\n\r\n` })))[0]?.kind, 'delivered');
    assert.deepEqual([peer.connections, peer.received.length], [1, 20]);
  });

  test('sends a large message in pieces, with dots in any place', async () => {
    await using peer = await startPeer({ options: { size: 50_000_000 } });
    await using dns = await FakeDns.start({});
    using session = await open(dns, relay(peer.port), 0);
    const text = `Subject: large\r\n\r\n${'.\r\n..\r\n.line of a message\r\n'.repeat(200_000)}`;
    assert.equal((await session.send(message({ text })))[0]?.kind, 'delivered');
    assert.ok(peer.received[0]?.text === text);
  });

  test('ends a message that has no line end', async () => {
    await using peer = await startPeer();
    await using dns = await FakeDns.start({});
    using session = await open(dns, relay(peer.port), 0);
    await session.send(message({ text: 'A: b\r\n\r\nno end' }));
    await session.send(message({ text: 'A: b\r\n\r\nhalf an end\r' }));
    assert.deepEqual(
      peer.received.map(({ text }) => text),
      ['A: b\r\n\r\nno end\r\n', 'A: b\r\n\r\nhalf an end\r\n'],
    );
  });

  test('tells the outcome of each recipient', async () => {
    await using peer = await startPeer({
      recipient: (address) =>
        address.startsWith('bad') ? { code: 550, text: '5.1.1 nobody' } : address.startsWith('later') ? { code: 450, text: 'grey' } : undefined,
    });
    await using dns = await FakeDns.start({});
    for (const hidePIPELINING of [false, true]) {
      await using other = await startPeer({
        options: { hidePIPELINING },
        recipient: (address) => (address.startsWith('bad') ? { code: 550, text: '5.1.1 nobody' } : undefined),
      });
      using plain = await open(dns, relay(other.port), 0);
      assert.deepEqual(
        (await plain.send(message({ recipients: ['bad@x.test', 'good@x.test'] }))).map(({ kind }) => kind),
        ['failed', 'delivered'],
      );
      assert.deepEqual(
        (await plain.send(message({ recipients: ['bad@x.test'] }))).map(({ kind }) => kind),
        ['failed'],
      );
      assert.deepEqual(
        (await plain.send(message({ recipients: ['good@x.test'] }))).map(({ kind }) => kind),
        ['delivered'],
      );
    }
    using session = await open(dns, relay(peer.port), 0);
    const outcomes = await session.send(message({ recipients: ['bad@x.test', 'good@x.test', 'later@x.test'] }));
    assert.deepEqual(
      outcomes.map(({ kind, status, reply }) => ({ kind, status, reply })),
      [
        { kind: 'failed', status: '5.1.1', reply: '550 5.1.1 nobody' },
        { kind: 'delivered', status: '2.0.0', reply: outcomes[1]?.reply ?? '' },
        { kind: 'deferred', status: '4.0.0', reply: '450 grey' },
      ],
    );
  });

  test('turns 8-bit messages into 7-bit ones where the server takes nothing else', async () => {
    await using peer = await startPeer({ options: { hide8BITMIME: true } });
    await using eight = await startPeer();
    await using dns = await FakeDns.start({});
    const text = 'Subject: x\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nza\xc5\xbc\xc3\xb3\xc5\x82\xc4\x87\r\n';
    using session = await open(dns, relay(peer.port), 0);
    using modern = await open(dns, relay(eight.port), 0);
    await session.send(message({ text, isEightBit: true }));
    await modern.send(message({ text, isEightBit: true }));
    assert.match(peer.received[0]?.text ?? '', /Content-Transfer-Encoding: quoted-printable\r\n\r\nza=C5=BC=C3=B3=C5=82=C4=87\r\n$/);
    assert.equal(eight.received[0]?.text, text);
    assert.equal(eight.received[0]?.senderParameters['BODY'], '8BITMIME');
  });

  test('returns what a server cannot take: size, internationalised addresses', async () => {
    await using peer = await startPeer({ options: { size: 1000, hideSMTPUTF8: true } });
    await using dns = await FakeDns.start({});
    using session = await open(dns, relay(peer.port), 0);
    const large = await session.send(message({ text: 'x'.repeat(2000) }));
    const foreign = await session.send(message({ smtpUtf8: true }));
    const address = await session.send(message({ recipients: ['żółć@x.test'] }));
    const split = await session.send(message({ recipients: ['a@x.test>\r\nDATA'] }));
    assert.deepEqual(
      [large, foreign, address, split].map(([outcome]) => [outcome?.kind, outcome?.status]),
      [
        ['failed', '5.3.4'],
        ['failed', '5.6.7'],
        ['failed', '5.6.7'],
        ['failed', '5.1.3'],
      ],
    );
    assert.equal((await session.send(message({})))[0]?.kind, 'delivered');
  });

  test('signs in at a smarthost, and never without TLS that proves who it is', async () => {
    await using peer = await startPeer({ password: 'secret', options: { authOptional: false } });
    await using dns = await FakeDns.start({});
    using session = await open(dns, relay(peer.port, { login: 'customer', password: 'secret', tls: 'required' }), 0);
    assert.equal((await session.send(message({})))[0]?.kind, 'delivered');
    assert.equal(peer.received[0]?.user, 'customer');
    await assert.rejects(open(dns, relay(peer.port, { login: 'customer', password: 'wrong', tls: 'required' }), 0), {
      name: 'TransportError',
      isPermanent: false,
    });
  });

  test('demands a valid certificate where it is told to, and sends unverified mail elsewhere', async () => {
    await using peer = await startPeer();
    await using dns = await FakeDns.start({});
    await assert.rejects(open(dns, relay(peer.port, { tls: 'required' }), 0, { ca: undefined }), {
      name: 'TransportError',
      status: '4.7.5',
      isPermanent: false,
    });
    using session = await open(dns, relay(peer.port), 0, { ca: undefined });
    assert.deepEqual([session.tls?.isVerified, (await session.send(message({})))[0]?.kind], [false, 'delivered']);
  });

  test('goes on in the clear when TLS is offered and does not work', async () => {
    await using peer = await startScriptedPeer(async (peer) => {
      peer.say('220 mx\r\n');
      await peer.answer('250-mx\r\n250 STARTTLS\r\n');
      await peer.answer('220 go\r\n');
      await peer.line();
      peer.close();
    }, polite());
    await using dns = await FakeDns.start({});
    using session = await open(dns, relay(peer.port), 0);
    assert.deepEqual([session.tls, (await session.send(message({})))[0]?.kind], [undefined, 'delivered']);
  });

  test('does not listen to what came in the clear behind the go-ahead for TLS', async () => {
    await using peer = await startScriptedPeer(async (peer) => {
      peer.say('220 mx\r\n');
      await peer.answer('250-mx\r\n250 STARTTLS\r\n');
      await peer.answer('220 go\r\n250 injected\r\n');
    });
    await using dns = await FakeDns.start({});
    await assert.rejects(open(dns, relay(peer.port, { tls: 'required' }), 0), { name: 'TransportError', status: '4.7.5' });
  });

  test('finds no way to domains that take no mail, do not exist, or point at private addresses', async () => {
    const zone: Zone = {
      'null.test': { MX: [{ preference: 0, exchange: '.' }] },
      'private.test': { MX: [{ preference: 0, exchange: 'mx.private.test' }] },
      'mx.private.test': { A: ['10.0.0.1'], AAAA: ['::1'] },
      'empty.test': { MX: [{ preference: 0, exchange: 'gone.test' }] },
    };
    await using dns = await FakeDns.start(zone, { failing: ['broken.test'] });
    const transport = new SmtpTransport({ hostname: 'capri.test', resolver: dns.resolver() });
    const failure = async (destination: Destination): Promise<unknown> => {
      const error: unknown = await transport.connect(destination, never).catch((reason: unknown) => reason);
      return error instanceof TransportError ? `${error.status} ${error.isPermanent}` : error;
    };
    const domains = ['null.test', 'missing.test', 'private.test', 'empty.test', 'broken.test'];
    assert.deepEqual(await Promise.all(domains.map((domain) => failure({ kind: 'domain', domain }))), [
      '5.1.10 true',
      '5.1.2 true',
      '5.4.4 true',
      '5.4.4 true',
      '4.4.3 false',
    ]);
    assert.equal(await failure({ kind: 'literal', literal: '[127.0.0.1]' }), '5.4.4 true');
    assert.equal(await failure({ kind: 'literal', literal: '[IPv6:::1]' }), '5.4.4 true');
  });

  test('tries the next host when one does not answer or does not want to', async () => {
    await using peer = await startPeer();
    await using dns = await FakeDns.start({
      'peer.test': {
        MX: [
          { preference: 1, exchange: 'dead.test' },
          { preference: 2, exchange: 'mx.peer.test' },
        ],
      },
      'dead.test': { A: ['127.9.9.9'] },
      'mx.peer.test': { A: ['127.0.0.1'] },
    });
    using session = await open(dns, { kind: 'domain', domain: 'peer.test' }, peer.port);
    assert.equal(session.host, 'mx.peer.test [127.0.0.1]');
  });
});
