import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { type DnsAnswer, DnsError, type MxRecord, type Resolver } from '#net/dns/resolver.ts';
import { FakeDns, type Zone } from '../../../test/support/dns.ts';
import { checkSpf, type SpfQuery } from './check-spf.ts';

const QUERY: SpfQuery = {
  address: '192.0.2.1',
  helo: 'mail.example.test',
  sender: { localPart: 'ala', domain: 'example.test' },
  hostname: 'mx.receiver.test',
  nowMs: 1_700_000_000_999,
};

suite('SPF', () => {
  test('tells the term that decided, and whose record it was', async () => {
    const zone: Zone = {
      'example.test': { TXT: ['v=spf1 ip4:198.51.100.0/24 include:_spf.example.test ~all'] },
      '_spf.example.test': { TXT: ['v=spf1 a:mail.example.test -all'] },
      'mail.example.test': { A: ['192.0.2.1'] },
    };
    await using dns = await FakeDns.start(zone);
    const check = (query: Partial<SpfQuery>): ReturnType<typeof checkSpf> => checkSpf(dns.resolver(), { ...QUERY, ...query });
    const from = { scope: 'mfrom', domain: 'example.test' };
    assert.deepEqual(await check({}), { ...from, result: 'pass', mechanism: 'include:_spf.example.test' });
    assert.deepEqual(await check({ address: '::ffff:198.51.100.77' }), { ...from, result: 'pass', mechanism: 'ip4:198.51.100.0/24' });
    assert.deepEqual(await check({ address: '203.0.113.1' }), { ...from, result: 'softfail', mechanism: '~all' });
    assert.deepEqual(await check({ sender: undefined }), {
      scope: 'helo',
      domain: 'mail.example.test',
      result: 'none',
      reason: 'mail.example.test has no SPF record',
    });
  });

  test('finds the record of a domain written in Polish, and says so in ASCII', async () => {
    await using dns = await FakeDns.start({ 'xn--kda4b0koi.test': { TXT: ['v=spf1 ip4:192.0.2.1 -all'] } });
    const { result, domain } = await checkSpf(dns.resolver(), { ...QUERY, sender: { localPart: 'ala', domain: 'Żółć.test' } });
    assert.deepEqual({ result, domain }, { result: 'pass', domain: 'xn--kda4b0koi.test' });
  });

  test('a local part beyond ASCII matches no term that needs it, and leaves the others alone', async () => {
    const zone: Zone = {
      'example.test': { TXT: ['v=spf1 exists:%{l}.users.example.test ip4:192.0.2.1 -all'] },
      '*.users.example.test': { A: ['127.0.0.2'] },
    };
    await using dns = await FakeDns.start(zone);
    const { mechanism } = await checkSpf(dns.resolver(), { ...QUERY, sender: { localPart: 'ąę', domain: 'example.test' } });
    assert.equal(mechanism, 'ip4:192.0.2.1');
    assert.deepEqual(dns.questions, ['TXT example.test']);
  });

  test('has no result for what is no domain name, and asks nothing', async () => {
    await using dns = await FakeDns.start({});
    for (const domain of [
      '',
      'localhost',
      '[192.0.2.1]',
      'a..test',
      '192.0.2.1',
      `${'a'.repeat(64)}.test`,
      'a b.test',
      `${'a.'.repeat(200)}test`,
      'ex"ample.test',
    ])
      assert.equal((await checkSpf(dns.resolver(), { ...QUERY, sender: { localPart: 'a', domain } })).result, 'none', domain);
    assert.equal((await checkSpf(dns.resolver(), { ...QUERY, address: 'local' })).result, 'none');
    assert.deepEqual(dns.questions, []);
  });

  test('a resolver that does not answer is a temporary error', async () => {
    await using dns = await FakeDns.start({}, { failing: ['example.test'] });
    const { result, reason } = await checkSpf(dns.resolver(), QUERY);
    assert.equal(result, 'temperror');
    assert.match(reason ?? '', /SERVFAIL/);
  });

  test('stops after twenty seconds', async (context) => {
    context.mock.timers.enable({ apis: ['setTimeout'] });
    const never = new Promise<never>(() => undefined);
    let questions = 0;
    const resolver = resolverOf(() => {
      questions++;
      return questions === 1 ? Promise.resolve(['v=spf1 mx a -all']) : never;
    });
    const checking = checkSpf(resolver, QUERY);
    await new Promise((resolve) => void setImmediate(resolve));
    context.mock.timers.tick(20_000);
    assert.deepEqual(await checking, { scope: 'mfrom', domain: 'example.test', result: 'temperror', reason: 'the DNS took longer than 20 seconds' });
  });

  test('explains a fail in the words of the domain', async () => {
    const zone: Zone = {
      'example.test': { TXT: ['v=spf1 -all exp=why.%{d}'] },
      'why.example.test': { TXT: ['%{i} is no host of %{S}; seen %{t} by %{r} (%{p})'] },
      '1.2.0.192.in-addr.arpa': { PTR: ['forged.example.test'] },
    };
    await using dns = await FakeDns.start(zone);
    const { explanation } = await checkSpf(dns.resolver(), QUERY);
    assert.equal(explanation, '192.0.2.1 is no host of ala%40example.test; seen 1700000000 by mx.receiver.test (unknown)');
    zone['why.example.test'] = { TXT: ['line\r\nX-Injected: yes'] };
    assert.equal((await checkSpf(dns.resolver(), QUERY)).explanation, undefined);
  });

  test('says what is wrong with a record', async () => {
    const cases: ReadonlyArray<readonly [string, RegExp]> = [
      ['v=spf1 ip4:192.0.2.300 -all', /"ip4:192\.0\.2\.300" is no SPF term/],
      ['v=spf1 a:192.0.2.1 -all', /"a:192\.0\.2\.1" is no SPF term/],
      ['v=spf1 exp=x.test exp=y.test', /exp= is there twice/],
      ['v=spf1 include:none.test', /none\.test, which has no SPF record/],
      ['v=spf1 a a a a a a a a a a a', /more than 10 terms/],
      ['v=spf1 a:x.test a:y.test a:z.test -all', /what does not exist/],
      ['v=spf1 a:\u00e9.test', /"a:\?\.test" is no SPF term/],
    ];
    for (const [text, reason] of cases) {
      await using dns = await FakeDns.start({ 'example.test': { TXT: [Buffer.from(text, 'latin1')], A: ['192.0.2.99'] } });
      const result = await checkSpf(dns.resolver(), QUERY);
      assert.equal(result.result, 'permerror', text);
      assert.match(result.reason ?? '', reason);
    }
  });

  test('any records give a result after a bounded number of questions', async () => {
    const domain = fc.constantFrom('example.test', 'b.test', '%{d}', '%{p}', '%{l1r-}.c.test', '%{s}.%{S}.%{ir}.test', 'a..test', 'x%%.y%_z.test', '%{h}');
    const term = fc.oneof(
      {
        weight: 5,
        arbitrary: fc.tuple(fc.constantFrom('include:', 'a:', 'mx:', 'ptr:', 'exists:', '?a:', '-mx:', '~ptr:'), domain).map((parts) => parts.join('')),
      },
      fc.constantFrom('a', 'mx', 'ptr', 'all', '-all', 'ip4:192.0.2.2', 'ip6:::/0', 'a/24//64', 'x=%{d}'),
      fc.tuple(fc.constantFrom('redirect=', 'exp='), domain).map((parts) => parts.join('')),
      fc.string({ maxLength: 20 }),
    );
    const record = fc.array(term, { maxLength: 15 }).map((terms) => `v=spf1 ${terms.join(' ')}`);
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 4 }), fc.integer({ min: 0, max: 40 }), fc.boolean(), async (records, names, isVersion6) => {
        let questions = 0;
        const resolver = resolverOf((type, name) => {
          questions++;
          if (questions % 7 === 6) return Promise.reject(new DnsError('timeout', 'no answer'));
          if (type === 'TXT') return Promise.resolve(name.startsWith('none') ? [] : [records[name.length % records.length] as string]);
          return Promise.resolve(Array.from({ length: names % 12 }, (_, index) => (type === 'A' ? `192.0.2.${index + 2}` : `n${index}.example.test`)));
        });
        const result = await checkSpf(resolver, { ...QUERY, address: isVersion6 ? '2001:db8::1' : '192.0.2.1' });
        assert.match(result.result, /^(?:none|neutral|pass|fail|softfail|temperror|permerror)$/);
        // One record for each of ten terms, eleven questions for each mx or ptr, and as many for %{p}.
        assert.ok(questions <= 150, `${questions} questions`);
      }),
      { numRuns: 500 },
    );
  });
});

/** A resolver that answers every question from one function. */
function resolverOf(answer: (type: string, name: string) => Promise<readonly string[]>): Resolver {
  const ask = async (type: string, name: string): Promise<DnsAnswer<string>> => {
    const records = await answer(type, name);
    return { status: records.length > 0 ? 'found' : 'no-data', records, isAuthentic: false };
  };
  return {
    resolveTxt: (name) => ask('TXT', name),
    resolveAddresses: (name) => ask('A', name),
    resolvePtr: (address) => ask('PTR', address),
    resolveTlsa: () => Promise.reject(new DnsError('server-failure', 'not asked for')),
    async resolveMx(name): Promise<DnsAnswer<MxRecord>> {
      const { status, records } = await ask('MX', name);
      return { status, records: records.map((exchange, preference) => ({ preference, exchange })), isAuthentic: false };
    },
  };
}
