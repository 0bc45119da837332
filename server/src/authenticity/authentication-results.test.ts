import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { formatAuthenticationResults } from './authentication-results.ts';
import { isAuthenticationResultsOf, parseAuthenticationResults } from './read-authentication-results.ts';
import type { Checks, DkimResult } from './results.ts';

const SIGNATURE: DkimResult = {
  result: 'pass',
  domain: 'example.test',
  selector: 's1',
  algorithm: 'rsa-sha256',
  identity: '@example.test',
  signatureStart: 'aB3/+xyz',
  keyBits: 2048,
};

const CHECKS: Checks = {
  spf: { result: 'pass', domain: 'example.test', scope: 'mfrom', mechanism: 'ip4:192.0.2.0/24' },
  dkim: [SIGNATURE, { ...SIGNATURE, result: 'fail', domain: 'list.test', reason: 'body hash did not verify (of 10 octets)' }],
  dmarc: {
    result: 'pass',
    fromDomain: 'example.test',
    policyDomain: 'example.test',
    policy: 'reject',
    published: { p: 'reject', sp: 'none', np: 'none', adkim: 'r', aspf: 'r', isTesting: false },
    alignedSpf: true,
    alignedDkim: true,
  },
  arc: { result: 'pass', instances: 2, sealers: ['list.test', 'example.test'], oldestPass: 0 },
  iprev: { result: 'pass', name: 'mail.example.test' },
};

const FROM = { address: '192.0.2.1', helo: 'mail.example.test', sender: { localPart: 'ala', domain: 'example.test' } };
const NOTHING: Checks = {
  spf: { result: 'none', domain: '', scope: 'helo' },
  dkim: [],
  dmarc: { result: 'none', fromDomain: '', alignedSpf: false, alignedDkim: false },
  arc: { result: 'none', instances: 0, sealers: [] },
  iprev: { result: 'permerror' },
};

suite('writing Authentication-Results', () => {
  test('tells each result with its properties, a line or more for each', () => {
    const expected = [
      'Authentication-Results: mx.receiver.test;',
      '\tiprev=pass (mail.example.test) policy.iprev=192.0.2.1;',
      '\tspf=pass (matches ip4:192.0.2.0/24) smtp.mailfrom=ala@example.test',
      '\tsmtp.helo=mail.example.test;',
      '\tdkim=pass (2048-bit key) header.d=example.test header.i="@example.test"',
      '\theader.s=s1 header.a=rsa-sha256 header.b="aB3/+xyz";',
      '\tdkim=fail (body hash did not verify [of 10 octets]; 2048-bit key)',
      '\theader.d=list.test header.i="@example.test" header.s=s1 header.a=rsa-sha256',
      '\theader.b="aB3/+xyz";',
      '\tdmarc=pass (p=reject sp=none np=none) header.from=example.test',
      '\tpolicy.dmarc=reject;',
      '\tarc=pass (i=2; list.test) header.oldest-pass=0 smtp.remote-ip=192.0.2.1',
      '',
    ];
    assert.deepEqual(formatAuthenticationResults('mx.receiver.test', CHECKS, FROM).split('\r\n'), expected);
  });

  test('says little where there is nothing, and quotes addresses of IPv6', () => {
    const field = formatAuthenticationResults('mx.receiver.test', NOTHING, { address: '2001:db8:0::1', helo: '[IPv6:2001:db8::1]', sender: undefined });
    assert.deepEqual(field.split('\r\n'), [
      'Authentication-Results: mx.receiver.test;',
      '\tiprev=permerror policy.iprev="2001:db8::1";',
      '\tspf=none smtp.helo="[IPv6:2001:db8::1]";',
      '\tdkim=none;',
      '\tdmarc=none;',
      '\tarc=none',
      '',
    ]);
  });

  test('writes domains in ASCII, and leaves out a local part that not every reader takes', () => {
    const field = formatAuthenticationResults('mx.receiver.test', NOTHING, {
      address: '192.0.2.1',
      helo: 'żółć.test',
      sender: { localPart: 'ąę', domain: 'Żółć.test' },
    });
    assert.match(field, /\tspf=none smtp\.mailfrom=xn--kda4b0koi\.test smtp\.helo=xn--kda4b0koi\.test;\r\n/);
    const quoted = formatAuthenticationResults('mx.receiver.test', NOTHING, { ...FROM, sender: { localPart: 'a b; dkim=pass', domain: 'example.test' } });
    assert.match(quoted, /spf=none smtp\.mailfrom=example\.test /);
  });

  test('no text of a stranger can add a result, a property or a line', () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 600 }),
      fc
        .array(
          fc.constantFrom(
            ';',
            'dkim=pass',
            ' header.d=bank.test',
            '"',
            '\\',
            '(',
            ')',
            '\r\n',
            '\n',
            '\r\n\r\n',
            'X: y',
            '\0',
            'ą',
            ' ',
            '@',
            'mx.receiver.test',
          ),
          { maxLength: 30 },
        )
        .map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(fc.array(hostile, { minLength: 12, maxLength: 12 }), (texts) => {
        const [a = '', b = '', c = '', d = '', e = '', f = '', g = '', h = '', i = '', j = '', k = '', l = ''] = texts;
        const checks: Checks = {
          spf: { result: 'fail', domain: a, scope: 'mfrom', mechanism: b, reason: c, explanation: d },
          dkim: [{ result: 'permerror', domain: a, selector: e, algorithm: f, identity: g, signatureStart: h, reason: i }],
          dmarc: { result: 'none', fromDomain: j, alignedSpf: false, alignedDkim: false, policyDomain: a, reason: k },
          arc: { result: 'fail', instances: 1, sealers: [l], reason: b, authenticationResults: c },
          iprev: { result: 'pass', name: d },
        };
        const field = formatAuthenticationResults('mx.receiver.test', checks, { address: e, helo: f, sender: { localPart: g, domain: h } });
        assert.match(field, /^Authentication-Results: mx\.receiver\.test;(?:\r\n\t[\x20-\x7e]{1,998})+\r\n$/);
        const value = field.slice(field.indexOf(':') + 1);
        const read = parseAuthenticationResults(value);
        assert.deepEqual(
          read?.results.map(({ method, result }) => `${method}=${result}`),
          ['iprev=pass', 'spf=fail', 'dkim=permerror', 'dmarc=none', 'arc=fail'],
        );
        assert.deepEqual(
          read.results.map(({ properties }) =>
            properties
              .map(({ type, name }) => `${type}.${name}`)
              .filter((name) => !name.startsWith('header.') || name === 'header.from')
              .join(),
          ),
          ['policy.iprev', 'smtp.mailfrom,smtp.helo', '', j === '' ? '' : 'header.from', 'smtp.remote-ip'],
        );
      }),
      { numRuns: 100 },
    );
  });
});

suite('reading Authentication-Results', () => {
  test('gives back what was written', () => {
    const field = formatAuthenticationResults('mx.receiver.test', CHECKS, FROM);
    const read = parseAuthenticationResults(field.slice(field.indexOf(':') + 1));
    assert.equal(read?.authservId, 'mx.receiver.test');
    assert.deepEqual(read.results[2], {
      method: 'dkim',
      result: 'pass',
      properties: [
        { type: 'header', name: 'd', value: 'example.test' },
        { type: 'header', name: 'i', value: '@example.test' },
        { type: 'header', name: 's', value: 's1' },
        { type: 'header', name: 'a', value: 'rsa-sha256' },
        { type: 'header', name: 'b', value: 'aB3/+xyz' },
      ],
    });
    assert.deepEqual(read.results.at(-1)?.properties, [
      { type: 'header', name: 'oldest-pass', value: '0' },
      { type: 'smtp', name: 'remote-ip', value: '192.0.2.1' },
    ]);
  });

  test('takes the examples of RFC 8601 and what other servers write', () => {
    const methods = (value: string): readonly string[] | undefined =>
      parseAuthenticationResults(value)?.results.map(({ method, result, properties }) =>
        [`${method}=${result}`, ...properties.map(({ type, name, value: text }) => `${type}.${name}=${text}`)].join(' '),
      );
    assert.deepEqual(methods(' example.org 1; none'), []);
    assert.deepEqual(methods(' example.com;\r\n\tspf=pass smtp.mailfrom=example.net'), ['spf=pass smtp.mailfrom=example.net']);
    assert.deepEqual(methods('example.com; auth=pass (cleartext) smtp.auth=sender@example.net; spf=pass smtp.mailfrom=example.net'), [
      'auth=pass smtp.auth=sender@example.net',
      'spf=pass smtp.mailfrom=example.net',
    ]);
    assert.deepEqual(
      methods(
        "foo.example.net (foobar) 1 (baz);\r\n dkim (Because I like it) / 1 (One yay) = (wait for it) fail\r\n policy (A dot can go here) . (like that) expired\r\n (this surprised me) = (as I wasn't expecting it) 1362471462",
      ),
      [],
    );
    assert.deepEqual(
      methods(
        'mx.google.com; dkim=pass header.i=@x.test header.s=a header.b=Ab+/=c; spf=pass (google.com: domain of b+c=d@x.test designates 2001:db8::1 as permitted sender) smtp.mailfrom="b c"@x.test; dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=x.test',
      ),
      ['dkim=pass header.i=@x.test header.s=a header.b=Ab+/=c', 'spf=pass smtp.mailfrom=b c@x.test', 'dmarc=pass header.from=x.test'],
    );
    const reason = parseAuthenticationResults('a.test; dkim=fail reason="bad; dkim=pass \\"x\\"" header.d=b.test');
    assert.deepEqual(reason?.results, [
      { method: 'dkim', result: 'fail', reason: 'bad; dkim=pass "x"', properties: [{ type: 'header', name: 'd', value: 'b.test' }] },
    ]);
    assert.deepEqual(methods('a.test; (dkim=pass; spf=pass) ??? ; spf=fail'), ['spf=fail']);
    assert.deepEqual(methods('a.test; (dkim=pass; spf=pass'), []);
  });

  test('knows a field of ours however it is written', () => {
    const ours = [
      'mx.receiver.test; none',
      '\r\n\t MX.Receiver.TEST. 1;\r\n\tspf=pass',
      '(a (nested\\)) comment) mx.receiver.test (x) ; spf=pass',
      '"mx.receiver.test"; dkim=pass',
      '"mx.receiver\\.test" ; dkim=pass',
      'mx.receiver.test',
      'mx.receiver.test/1; dkim=pass',
      '(without an end mx.receiver.test; dkim=pass',
      '"mx.receiver.test; dkim=pass',
    ];
    for (const value of ours) assert.equal(isAuthenticationResultsOf(value, 'mx.receiver.test'), true, value);
    const others = [
      'mx.receiver.test.evil.test; none',
      'other.test; x=y (mx.receiver.test)',
      'amx.receiver.test; none',
      '(mx.receiver.test) other.test; none',
      '',
      ';',
      'spf=pass',
    ];
    for (const value of others) assert.equal(isAuthenticationResultsOf(value, 'mx.receiver.test'), false, value);
  });

  test('every text is read, in one pass', () => {
    const piece = fc.constantFrom(
      'a.test',
      ';',
      'dkim',
      '=',
      'pass',
      '(',
      ')',
      '"',
      '\\',
      ' ',
      '\r\n\t',
      'header',
      '.',
      'd',
      'reason',
      '/',
      '1',
      '@',
      'ą',
      '\0',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(piece, { maxLength: 100 }).map((parts) => parts.join('')),
          fc.string(),
        ),
        (value) => {
          const read = parseAuthenticationResults(value);
          assert.ok(read === undefined || read.results.length <= 100);
          isAuthenticationResultsOf(value, 'a.test');
        },
      ),
      { numRuns: 2000 },
    );
    for (const long of ['(', '"', '\\', 'a', ' ', 'a=', ';a=b', '"a', 'a.b=', '(a', ' a.', ';"', 'reason='].map((text) =>
      text.repeat(Math.floor(32_000 / text.length)),
    )) {
      for (const value of [long, `a.test;${long}`, `a.test;a=b ${long}`, `a.test;a=b c.d="${long}`]) {
        parseAuthenticationResults(value);
        isAuthenticationResultsOf(value, 'b.test');
      }
    }
    assert.equal(parseAuthenticationResults(`a.test; ${' '.repeat(40_000)}`), undefined);
  });
});
