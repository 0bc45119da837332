import assert from 'node:assert/strict';
import { test } from 'node:test';
import { destinationKey, makeRouting } from './routing.ts';
import type { Relay } from './transport.ts';

test('a route goes before the smarthost, its own domain before those above, and the longest of these first', () => {
  const routing = makeRouting({
    smarthost: relay('smart'),
    routes: [
      { domain: 'partner.example', ...relay('exact') },
      { domain: '.partner.example', ...relay('below') },
      { domain: '.deep.partner.example', ...relay('deeper') },
    ],
  });
  assert.deepEqual(
    ['partner.example', 'x.partner.example', 'a.b.partner.example', 'x.deep.partner.example', 'notpartner.example', '[192.0.2.1]'].map((domain) =>
      destinationKey(routing.destinationOf(domain)),
    ),
    ['relay exact:25 ', 'relay below:25 ', 'relay below:25 ', 'relay deeper:25 ', 'relay smart:25 ', 'relay smart:25 '],
  );
});

test('without routes mail goes to the domain itself, or to the address that a literal names', () => {
  const { destinationOf } = makeRouting({ smarthost: undefined, routes: [] });
  assert.deepEqual(
    [destinationOf('example.org'), destinationOf('[192.0.2.1]')],
    [
      { kind: 'domain', domain: 'example.org' },
      { kind: 'literal', literal: '[192.0.2.1]' },
    ],
  );
});

function relay(host: string): Relay {
  return { host, port: 25, tls: 'opportunistic' };
}
