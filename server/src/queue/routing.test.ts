import assert from 'node:assert/strict';
import { test } from 'node:test';
import { destinationKey, makeRouting, type RoutedMail } from './routing.ts';
import type { Relay } from './transport.ts';

test('a route goes before the smarthost, its own domain before those above, and the longest of these first', () => {
  const routing = makeRouting({
    smarthost: relay('smart'),
    routes: [
      { domain: 'partner.example', relay: relay('exact') },
      { domain: '.partner.example', relay: relay('below') },
      { domain: '.deep.partner.example', relay: relay('deeper') },
    ],
  });
  assert.deepEqual(
    ['partner.example', 'x.partner.example', 'a.b.partner.example', 'x.deep.partner.example', 'notpartner.example', '[192.0.2.1]'].map((domain) =>
      destinationKey(routing.destinationOf(domain)),
    ),
    [
      'relay exact:25 opportunistic ',
      'relay below:25 opportunistic ',
      'relay below:25 opportunistic ',
      'relay deeper:25 opportunistic ',
      'relay smart:25 opportunistic ',
      'relay smart:25 opportunistic ',
    ],
  );
});

test('without routes mail goes to the domain itself, or to the address that a literal names', () => {
  const routing = makeRouting({ smarthost: undefined, routes: [] });
  assert.deepEqual(
    [routing.destinationOf('example.org'), routing.destinationOf('[192.0.2.1]')],
    [
      { kind: 'domain', domain: 'example.org' },
      { kind: 'literal', literal: '[192.0.2.1]' },
    ],
  );
});

test('a route may ask who sends: the account before the address, the address before its domain, and the recipient before all of these', () => {
  const routing = makeRouting({
    smarthost: relay('smart'),
    routes: [
      { sender: '.news.example', relay: relay('below') },
      { sender: 'news.example', relay: relay('news') },
      { sender: 'jan@news.example', relay: relay('jan') },
      { account: 'anna', relay: relay('anna') },
      { domain: 'partner.example', sender: 'news.example', relay: relay('news-to-partner') },
      { domain: 'bank.example', relay: relay('bank') },
    ],
  });
  assert.ok(routing.namesAccounts);
  const hosts = (domain: string, mail: RoutedMail): string => {
    const destination = routing.destinationOf(domain, mail);
    return destination.kind === 'relay' ? destination.relay.host : destination.kind;
  };
  assert.deepEqual(
    [
      hosts('x.example', { sender: 'a@b.news.example' }),
      hosts('x.example', { sender: 'a@News.example' }),
      hosts('x.example', { sender: 'Jan@news.example' }),
      hosts('x.example', { sender: 'jan@news.example', login: 'anna' }),
      hosts('partner.example', { sender: 'jan@news.example', login: 'anna' }),
      hosts('partner.example', { sender: 'jan@other.example' }),
      hosts('bank.example', { sender: 'jan@news.example' }),
      hosts('x.example', { sender: '' }),
    ],
    ['below', 'news', 'jan', 'anna', 'news-to-partner', 'smart', 'bank', 'smart'],
  );
});

test('a route without a server leaves the destination as it is and says from where to speak; other addresses share no connections', () => {
  const source = { ipv4: '192.0.2.7', helo: 'news.example' };
  const routing = makeRouting({ smarthost: relay('smart'), source: { helo: 'mail.example' }, routes: [{ sender: 'news.example', source }] });
  const news = routing.destinationOf('x.example', { sender: 'a@news.example' });
  const other = routing.destinationOf('x.example', { sender: 'a@other.example' });
  assert.deepEqual(news, { kind: 'domain', domain: 'x.example', source });
  assert.deepEqual(other, { kind: 'relay', relay: relay('smart'), source: { helo: 'mail.example' } });
  assert.notEqual(destinationKey(news), destinationKey({ kind: 'domain', domain: 'x.example' }));
});

test('routes to one server that ask for TLS of different kinds share no connections', () => {
  const keys = (['none', 'opportunistic', 'required', 'implicit'] as const).map((tls) => destinationKey({ kind: 'relay', relay: { ...relay('smart'), tls } }));
  assert.equal(new Set(keys).size, 4);
});

function relay(host: string): Relay {
  return { host, port: 25, tls: 'opportunistic' };
}
