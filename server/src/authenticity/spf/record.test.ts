import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { expandExplanation, expandName, parseDomainSpec, parseMacroString } from './macro.ts';
import { addressOctets, isInNetwork } from './network.ts';
import { isSpfRecord, parseSpfRecord } from './record.ts';

const VALUES: Readonly<Record<string, string>> = {
  s: 'strong-bad@email.example.com',
  l: 'strong-bad',
  o: 'email.example.com',
  d: 'email.example.com',
  i: '192.0.2.3',
  h: 'helo.test',
  v: 'in-addr',
};

suite('an SPF record', () => {
  test('is known by its first word alone', () => {
    for (const text of ['v=spf1', 'V=SPF1 ', 'v=spf1 a']) assert.equal(isSpfRecord(text), true, text);
    for (const text of ['v=spf10', ' v=spf1', 'v=spf1\ta', 'v=spf', '', 'v=spf1-all']) assert.equal(isSpfRecord(text), false, text);
  });

  test('is refused as a whole for one term that the grammar does not have', () => {
    const bad = [
      'all:x.test',
      'a:',
      'a/33',
      'a//129',
      'a/024',
      'mx:x.test/',
      'ptr/24',
      'include',
      'exists/24',
      'exists:',
      'ip4',
      'ip4:1.2.3',
      'ip4:1.2.3.04',
      'ip4:1.2.3.4/33',
    ];
    const worse = [
      'ip6:1.2.3.4',
      'ip6:::1/129',
      'ip6:::1//64',
      'ip6:fe80::1%1',
      '+',
      '++a',
      'a:test',
      'a:x.-test',
      'a:x.123',
      'a:%%_',
      'a:%{z}.test',
      'a:%{d0}',
      'a:%{c}.x',
      'redirect=',
      'exp=%',
      'ał',
    ];
    for (const term of [...bad, ...worse]) assert.ok('error' in parseSpfRecord(`v=spf1 ${term} -all`), term);
    const good = [
      'a',
      'A/0',
      'mx//0',
      'a/24//64',
      'a:x.test./24',
      'ptr:x.test',
      'ip4:1.2.3.4/0',
      'ip6:::FFFF:1.2.3.4/96',
      'unknown=',
      'a:%%',
      'a:%{d1r.-+,/_=}',
      'a:x.1-2',
      'a:_x.%{l}.xn--p1ai',
    ];
    for (const term of good) assert.ok('mechanisms' in parseSpfRecord(`v=spf1 ${term} -all`), term);
  });

  test('is read whatever it holds', () => {
    const pieces = fc.constantFrom(
      'a',
      'mx',
      'include:',
      'ip4:',
      'ip6:',
      '1.2.3.4',
      '::1',
      '/',
      '//',
      '24',
      '%{',
      '}',
      'd',
      'r',
      '%',
      '%%',
      '.',
      '-',
      'x.test',
      '=',
      'redirect',
      'exp',
      ' ',
      '\t',
      'é',
      '\0',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(pieces, { maxLength: 60 }).map((parts) => parts.join('')),
          fc.string({ maxLength: 300 }),
        ),
        (text) => {
          parseSpfRecord(`v=spf1 ${text}`);
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('of the greatest length is read in one pass', () => {
    const long = ['a:', '1', '.', '.a', '-', '%{d}', 'a/', '%%', 'x=', '/1', ':', 'ip4:1.'].map((piece) => piece.repeat(Math.floor(65_000 / piece.length)));
    for (const text of long) {
      parseSpfRecord(`v=spf1 ${text}`);
      parseSpfRecord(`v=spf1 a:${text}`);
      parseSpfRecord(`v=spf1 a:x.${text}!`);
      parseSpfRecord(`v=spf1 ip6:${text}`);
    }
  });
});

suite('macros', () => {
  test('are expanded as in the examples of RFC 7208 §7.4', async () => {
    const examples: Readonly<Record<string, string>> = {
      '%{s}': 'strong-bad@email.example.com',
      '%{o}': 'email.example.com',
      '%{d4}': 'email.example.com',
      '%{d2}': 'example.com',
      '%{d1}': 'com',
      '%{dr}': 'com.example.email',
      '%{d2r}': 'example.email',
      '%{l}': 'strong-bad',
      '%{l-}': 'strong.bad',
      '%{lr}': 'strong-bad',
      '%{lr-}': 'bad.strong',
      '%{l1r-}': 'strong',
      '%{ir}.%{v}._spf.%{d2}': '3.2.0.192.in-addr._spf.example.com',
      '%{lr-}.lp._spf.%{d2}': 'bad.strong.lp._spf.example.com',
      '%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}': '3.2.0.192.in-addr.strong.lp._spf.example.com',
    };
    for (const [text, expected] of Object.entries(examples))
      assert.equal(await expandName(parseDomainSpec(text) ?? [], (letter) => VALUES[letter]), expected, text);
  });

  test('make names of 253 octets at most, cut between labels on the left, whatever the length of the text', async () => {
    for (const text of ['%{d}.'.repeat(10_000), `${'a.'.repeat(30_000)}`, `${'%{s}%{S}.'.repeat(5000)}`]) {
      const name = await expandName(parseDomainSpec(`${text}example.com`) ?? [], (letter) => VALUES[letter]);
      assert.ok(name !== undefined && name.length <= 253 && name.length > 200 && name.endsWith('.example.com'), name);
    }
    assert.equal(await expandName(parseDomainSpec(`${'x'.repeat(300)}%{d}`) ?? [], (letter) => VALUES[letter]), 'example.com');
    assert.equal(await expandName(parseDomainSpec(`${'x'.repeat(300)}%%`) ?? [], (letter) => VALUES[letter]), undefined);
  });

  test('cannot make an explanation long, or anything but printable ASCII', async () => {
    const long = await expandExplanation(parseMacroString('%{s} '.repeat(5000), 'explanation') ?? [], (letter) => VALUES[letter]);
    assert.equal(long?.length, 512);
    assert.equal(await expandExplanation(parseMacroString('%{l}', 'explanation') ?? [], () => 'a\r\nb'), undefined);
  });
});

test('an address lies in the network of its first bits', () => {
  const octets = (text: string): Uint8Array => addressOctets(text) ?? new Uint8Array();
  const cases: ReadonlyArray<readonly [string, string, number, boolean]> = [
    ['192.0.2.1', '192.0.2.0', 24, true],
    ['192.0.3.1', '192.0.2.0', 24, false],
    ['192.0.3.1', '192.0.2.0', 23, true],
    ['192.0.2.1', '192.0.2.1', 32, true],
    ['192.0.2.1', '192.0.2.2', 31, false],
    ['192.0.2.1', '10.0.0.0', 0, true],
    ['2001:db8::1', '2001:db8::', 127, true],
    ['2001:db8::1', '2001:db8::', 128, false],
    ['2001:db8::1', '192.0.2.1', 0, false],
  ];
  for (const [address, network, bits, expected] of cases)
    assert.equal(isInNetwork(octets(address), octets(network), bits), expected, `${address} ${network}/${bits}`);
});
