import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { FakeDns } from '../../../test/support/dns.ts';
import { type Conversation, startScriptedPeer } from '../../../test/support/smtp-peer.ts';
import { FAST, message, open, polite, relay } from '../../../test/support/outgoing-session.ts';

suite('a hostile server', () => {
  for (const [name, script] of Object.entries<(peer: Conversation) => Promise<void>>({
    'says nothing': async () => undefined,
    'closes at once': async (peer) => {
      peer.close();
    },
    'greets without an end': async (peer) => {
      for (let n = 0; n < 200; n++) peer.say('220-more\r\n');
    },
    'sends a line without an end': async (peer) => {
      peer.say('220 '.padEnd(3_000_000, 'x'));
    },
    'speaks another protocol': async (peer) => {
      peer.say('* OK IMAP4rev1\r\n');
    },
    'has no mail service': async (peer) => {
      peer.say('554 no mail here\r\n');
    },
    'is busy': async (peer) => {
      peer.say('421 4.3.2 busy\r\n');
    },
    'forgets the answer to EHLO': async (peer) => {
      peer.say('220 mx\r\n');
      await peer.line();
    },
  })) {
    test(`that ${name} is given up in time`, { timeout: 10_000 }, async () => {
      await using peer = await startScriptedPeer(script);
      await using dns = await FakeDns.start({});
      await assert.rejects(open(dns, relay(peer.port), 0, { timeLimits: FAST }), { name: 'TransportError', isPermanent: false });
    });
  }

  for (const [name, { script, kind, isUnsure }] of Object.entries<{ script: (peer: Conversation) => Promise<void>; kind: string; isUnsure: boolean }>({
    'closes in the envelope': {
      script: async (peer) => {
        await peer.line();
        peer.close();
      },
      kind: 'deferred',
      isUnsure: false,
    },
    'closes after the message': {
      script: async (peer) => {
        await takeMessage(peer);
        peer.close();
      },
      kind: 'deferred',
      isUnsure: true,
    },
    'never answers the message': {
      script: async (peer) => {
        await takeMessage(peer);
      },
      kind: 'deferred',
      isUnsure: true,
    },
    'refuses the message': {
      script: async (peer) => {
        await takeMessage(peer);
        peer.say('554 5.7.1 spam\r\n');
      },
      kind: 'failed',
      isUnsure: false,
    },
    'says 421 in the middle': {
      script: async (peer) => {
        await peer.answer('250 ok\r\n');
        await peer.answer('421 4.3.2 shutting down\r\n');
        peer.close();
      },
      kind: 'deferred',
      isUnsure: false,
    },
    'answers DATA with nonsense': {
      script: async (peer) => {
        await peer.answer('250 ok\r\n');
        await peer.answer('250 ok\r\n');
        await peer.answer('what?\r\n');
      },
      kind: 'deferred',
      isUnsure: false,
    },
  })) {
    test(`that ${name} leads to ${kind}${isUnsure ? ', perhaps twice' : ''}`, { timeout: 10_000 }, async () => {
      await using peer = await startScriptedPeer(async (peer) => {
        peer.say('220 mx\r\n');
        await peer.answer('250 mx\r\n');
        await script(peer);
      });
      await using dns = await FakeDns.start({});
      using session = await open(dns, relay(peer.port), 0, { timeLimits: FAST });
      const [outcome] = await session.send(message({}));
      assert.deepEqual([outcome?.kind, outcome?.isUnsure ?? false], [kind, isUnsure]);
    });
  }

  test('that closed an idle connection has not been asked anything', async () => {
    await using peer = await startScriptedPeer(polite(1));
    await using dns = await FakeDns.start({});
    using session = await open(dns, relay(peer.port), 0);
    assert.equal((await session.send(message({})))[0]?.kind, 'delivered');
    const [outcome] = await session.send(message({}));
    assert.deepEqual([outcome?.kind, outcome?.isUntried, session.isUsable], ['deferred', true, false]);
  });

  test('that takes a message whose recipients it refused gets an empty one', async () => {
    let data: string[] = ['?'];
    await using peer = await startScriptedPeer(async (peer) => {
      peer.say('220 mx\r\n');
      await peer.answer('250-mx\r\n250 PIPELINING\r\n');
      await peer.answer('250 ok\r\n');
      await peer.answer('550 nobody\r\n');
      await peer.answer('354 go\r\n');
      data = await peer.data();
      peer.say('554 no recipients\r\n');
    });
    await using dns = await FakeDns.start({});
    using session = await open(dns, relay(peer.port), 0, { timeLimits: FAST });
    assert.equal((await session.send(message({})))[0]?.reply, '550 nobody');
    assert.deepEqual(data, []);
  });
});

/** Everything up to the answer to the message. */
async function takeMessage(peer: Conversation): Promise<void> {
  await peer.answer('250 ok\r\n');
  await peer.answer('250 ok\r\n');
  await peer.answer('354 go\r\n');
  await peer.data();
}
