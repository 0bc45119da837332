import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { FakeDns, type Zone } from '../../../test/support/dns.ts';
import { type Conversation, startPeer, startScriptedPeer } from '../../../test/support/smtp-peer.ts';
import { isPublicAddress } from '#net/address.ts';
import { TransportError } from '#queue/transport.ts';
import { connectToAny, reachableFrom } from './connect-any.ts';
import { findExchanges, findHost, type HostRules } from './hosts.ts';
import { STANDARD_TIME_LIMITS } from './time-limits.ts';
import { SmtpTransport } from './transport.ts';

const never = new AbortController().signal;
const rules: HostRules = { port: 25, isAllowed: isPublicAddress, isOwn: (address) => address === '192.0.9.1' };

suite('the hosts of a domain', () => {
  test('have their addresses by turns, IPv6 first, and no family can fill all places', async () => {
    await using dns = await FakeDns.start({
      'mx.test': {
        AAAA: Array.from({ length: 20 }, (_, n) => `2606:4700::${n + 1}`),
        A: ['8.8.8.1', '8.8.8.2'],
      },
      'four.test': { A: ['8.8.8.3', '10.0.0.1'] },
    });
    const host = await findHost(dns.resolver(), { name: 'mx.test', port: 25 }, 'domain', rules);
    assert.deepEqual(host.addresses, ['2606:4700::1', '8.8.8.1', '2606:4700::2', '8.8.8.2', '2606:4700::3', '2606:4700::4']);
    assert.deepEqual((await findHost(dns.resolver(), { name: 'four.test', port: 25 }, 'domain', rules)).addresses, ['8.8.8.3']);
    assert.deepEqual(reachableFrom(host.addresses, { ipv4: '198.51.100.1' }), ['8.8.8.1', '8.8.8.2']);
    assert.deepEqual(reachableFrom(['8.8.8.1'], { ipv6: '2001:db8::1' }), ['8.8.8.1']);
    assert.deepEqual(reachableFrom(host.addresses, { helo: 'other.test' }), host.addresses);
  });

  test('are looked at ten at most, in their order', async () => {
    const records = Array.from({ length: 50 }, (_, n) => ({ preference: n, exchange: `mx${n}.test` }));
    await using dns = await FakeDns.start({ 'many.test': { MX: records } });
    const { list } = await findExchanges(dns.resolver(), { kind: 'domain', domain: 'many.test' }, rules);
    assert.deepEqual(
      list.map(({ name }) => name),
      Array.from({ length: 10 }, (_, n) => `mx${n}.test`),
    );
  });

  test('bounce nothing while there are some that there was no time to ask', async () => {
    const refuse = async (conversation: Conversation): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      conversation.say('554 no mail here\r\n');
    };
    await using peer = await startScriptedPeer(refuse, refuse, refuse);
    const exchange = (preference: number): { preference: number; exchange: string } => ({ preference, exchange: `mx${preference}.test` });
    await using dns = await FakeDns.start({
      'one.test': { MX: [exchange(1)] },
      'two.test': { MX: [exchange(1), exchange(2)] },
      'mx1.test': { A: ['127.0.0.1'] },
      'mx2.test': { A: ['127.0.0.1'] },
    });
    const timeLimits = { ...STANDARD_TIME_LIMITS, connectMs: 50 };
    const transport = new SmtpTransport({ hostname: 'capri.test', resolver: dns.resolver(), hosts: { port: peer.port, isAllowed: () => true }, timeLimits });
    await assert.rejects(transport.connect({ kind: 'domain', domain: 'one.test' }, never), { name: 'TransportError', isPermanent: true, status: '5.0.0' });
    await assert.rejects(transport.connect({ kind: 'domain', domain: 'two.test' }, never), { name: 'TransportError', isPermanent: false, status: '4.0.0' });
  });

  test('are not the domain itself where its records name no host', async () => {
    await using dns = await FakeDns.start({ 'odd.test': { MX: [{ preference: 1, exchange: '8.8.8.8' }], A: ['8.8.4.4'] } });
    const { list } = await findExchanges(dns.resolver(), { kind: 'domain', domain: 'odd.test' }, rules);
    assert.deepEqual(list, [{ name: '8.8.8.8', port: 25 }]);
    await assert.rejects(findHost(dns.resolver(), { name: '8.8.8.8', port: 25 }, 'domain', rules), { name: 'TransportError', status: '5.4.4' });
  });

  test('that are this server, by name or address, and all that are no better, are not tried', async () => {
    await using peer = await startPeer();
    const zone = (better: string, own: string): Zone => ({
      'peer.test': {
        MX: [
          { preference: 10, exchange: better },
          { preference: 20, exchange: own },
          { preference: 30, exchange: 'worse.test' },
        ],
      },
      'dead.test': { A: ['127.9.9.9'] },
      'own.test': { A: ['127.0.0.77'] },
      'worse.test': { A: ['127.0.0.1'] },
    });
    const failure = async (made: Zone): Promise<readonly [string, boolean]> => {
      await using dns = await FakeDns.start(made);
      const hosts = { port: peer.port, isAllowed: () => true, isOwn: (address: string) => address === '127.0.0.77' };
      const transport = new SmtpTransport({ hostname: 'capri.test', resolver: dns.resolver(), hosts });
      const error: unknown = await transport.connect({ kind: 'domain', domain: 'peer.test' }, never).catch((reason: unknown) => reason);
      return error instanceof TransportError ? [error.status, error.isPermanent] : ['connected', false];
    };
    assert.deepEqual(await failure(zone('dead.test', 'own.test')), ['4.4.1', false], 'a backup keeps mail for the better host');
    assert.deepEqual(await failure(zone('own.test', 'worse.test')), ['5.4.6', true]);
    assert.deepEqual(await failure(zone('capri.test', 'worse.test')), ['5.4.6', true]);
    assert.equal(peer.connections, 0);
  });
});

suite('a connection', () => {
  test('is made to whichever address answers, after the ones before it have failed or had their head start', async () => {
    await using peer = await startScriptedPeer(async () => await Promise.resolve());
    const to = { port: peer.port, source: undefined, connectTimeoutMs: 5000, timeoutMs: 1000, signal: never };
    const refused = await connectToAny(['127.9.9.1', '127.9.9.2', '127.0.0.1'], to);
    assert.equal(refused.remoteAddress, '127.0.0.1');
    refused.destroy();
    // 240.0.0.1 says nothing, or that there is no way: either way the next one gets its turn.
    const silent = await connectToAny(['240.0.0.1', '127.0.0.1'], to);
    assert.equal(silent.remoteAddress, '127.0.0.1');
    silent.destroy();
    await assert.rejects(connectToAny(['127.9.9.1', '127.9.9.2'], to), /127\.9\.9\.1/);
    await assert.rejects(connectToAny([], to), /no address/);
  });

  test('comes from the address that is asked for', async () => {
    await using peer = await startScriptedPeer(async () => await Promise.resolve());
    const connection = await connectToAny(['127.0.0.1'], {
      port: peer.port,
      source: { ipv4: '127.0.0.5' },
      connectTimeoutMs: 5000,
      timeoutMs: 1000,
      signal: never,
    });
    assert.equal(connection.localAddress, '127.0.0.5');
    connection.destroy();
  });
});
