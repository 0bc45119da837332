import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { type DnsFaults, FakeDns, type Zone } from '../../../test/support/dns.ts';
import type { DkimResult, DmarcResult, SpfResult } from '../results.ts';
import { evaluateDmarc } from './evaluate-dmarc.ts';
import { mayReportTo } from './report-permission.ts';

suite('DMARC', () => {
  test('passes with an aligned signature or an aligned reverse-path, and says what was found', async () => {
    const zone = records({ 'example.test': 'v=DMARC1; p=reject; rua=mailto:dmarc@example.test' });
    assert.deepEqual(await evaluate(zone, { dkim: ['pass example.test'] }), {
      result: 'pass',
      fromDomain: 'example.test',
      policyDomain: 'example.test',
      organizationalDomain: undefined,
      policy: 'reject',
      published: { p: 'reject', sp: 'reject', np: 'reject', adkim: 'r', aspf: 'r', isTesting: false },
      reportTo: ['mailto:dmarc@example.test'],
      alignedSpf: false,
      alignedDkim: true,
    });
    for (const identifiers of [{ spf: 'pass bounce.example.test' }, { dkim: ['fail example.test', 'pass other.test', 'pass a.b.example.test'] }])
      assert.equal((await evaluate(zone, identifiers)).result, 'pass');
    for (const identifiers of [
      {},
      { spf: 'pass other.test' },
      { spf: 'softfail example.test' },
      { spf: 'pass badexample.test' },
      { dkim: ['policy example.test', 'pass test'] },
    ])
      assert.equal((await evaluate(zone, identifiers)).result, 'fail');
  });

  test('strict alignment wants the very same domain', async () => {
    const zone = records({ 'example.test': 'v=DMARC1; p=none; adkim=s; aspf=s' });
    const result = await evaluate(zone, { spf: 'pass bounce.example.test', dkim: ['pass mail.example.test'] });
    assert.deepEqual([result.result, result.alignedSpf, result.alignedDkim], ['fail', false, false]);
    assert.equal((await evaluate(zone, { spf: 'pass example.test' })).result, 'pass');
  });

  test('asks once when everything carries the same name', async () => {
    await using dns = await FakeDns.start(records({ 'example.test': 'v=DMARC1; p=none' }));
    await evaluateDmarc(dns.resolver(), {
      fromDomains: ['Example.Test', 'example.test'],
      spf: spfOf('pass example.test'),
      dkim: [dkimOf('pass example.test')],
    });
    assert.deepEqual(dns.questions, ['TXT _dmarc.example.test']);
  });

  test('takes p, sp or np by where the record stands and whether the domain exists', async () => {
    const zone = { ...records({ 'example.test': 'v=DMARC1; p=none; sp=quarantine; np=reject' }), 'sub.example.test': { A: ['192.0.2.1'] } };
    const policyOf = async (from: string): Promise<unknown> => (await evaluate(zone, { from: [from] })).policy;
    assert.deepEqual(
      [await policyOf('example.test'), await policyOf('sub.example.test'), await policyOf('gone.example.test')],
      ['none', 'quarantine', 'reject'],
    );
    const own = records({ 'example.test': 'v=DMARC1; p=none; sp=quarantine', 'sub.example.test': 'v=DMARC1; p=reject; sp=none' });
    assert.equal((await evaluate(own, { from: ['sub.example.test'] })).policy, 'reject');
    assert.equal((await evaluate(own, { from: ['a.sub.example.test'] })).policy, 'quarantine');
    const plain = records({ 'example.test': 'v=DMARC1; p=quarantine' });
    assert.equal((await evaluate(plain, { from: ['gone.example.test'] })).policy, 'quarantine');
  });

  test('a test mode lowers the policy by one, and says what it would have been', async () => {
    const policies = await Promise.all(
      ['reject', 'quarantine', 'none'].map(async (p) => {
        const { policy, published } = await evaluate(records({ 'example.test': `v=DMARC1; p=${p}; t=y` }), {});
        return [policy, published?.p, published?.isTesting];
      }),
    );
    assert.deepEqual(policies, [
      ['quarantine', 'reject', true],
      ['none', 'quarantine', true],
      ['none', 'none', true],
    ]);
  });

  test('follows the example of a public suffix in RFC 9989 §B.4.3', async () => {
    const zone = records({ 'bank.example': 'v=DMARC1; p=reject; psd=y', 'giant.bank.example': 'v=DMARC1; p=quarantine' });
    const giant = await evaluate(zone, { from: ['giant.bank.example'], spf: 'pass mail.giant.bank.example', dkim: ['pass mail.mega.bank.example'] });
    assert.deepEqual([giant.result, giant.alignedSpf, giant.alignedDkim, giant.organizationalDomain], ['pass', true, false, 'giant.bank.example']);
    const mega = await evaluate(zone, { from: ['mail.mega.bank.example'], dkim: ['pass giant.bank.example', 'pass bank.example'] });
    assert.deepEqual([mega.result, mega.policyDomain, mega.organizationalDomain, mega.policy], ['fail', 'bank.example', 'mega.bank.example', 'reject']);
    assert.equal((await evaluate(zone, { from: ['bank.example'], dkim: ['pass bank.example'] })).result, 'pass');
  });

  test('ends the walk at psd=n', async () => {
    const zone = records({ 'example.test': 'v=DMARC1; p=none', 'unit.example.test': 'v=DMARC1; p=reject; psd=n' });
    const unit = await evaluate(zone, { from: ['mail.unit.example.test'], dkim: ['pass example.test'] });
    assert.deepEqual([unit.result, unit.organizationalDomain, unit.policy], ['fail', 'unit.example.test', 'reject']);
    assert.equal((await evaluate(zone, { from: ['unit.example.test'], dkim: ['pass example.test'] })).result, 'fail');
    assert.equal((await evaluate(zone, { from: ['unit.example.test'], dkim: ['pass x.unit.example.test'] })).result, 'pass');
  });

  test('several records at one name are none, and so is a record without a policy that wants no reports', async () => {
    const zone: Zone = { '_dmarc.example.test': { TXT: ['v=DMARC1; p=reject', 'v=DMARC1; p=none'] } };
    assert.equal((await evaluate(zone, {})).result, 'none');
    zone['_dmarc.example.test'] = { TXT: ['v=DMARC1; p=reject', 'something else'] };
    assert.equal((await evaluate(zone, {})).result, 'fail');
    for (const text of ['v=DMARC1', 'v=DMARC1; p=rject', 'v=DMARC1; p=reject; sp=jail', 'v=DMARC1; p=x; rua=a@x.test'])
      assert.equal((await evaluate(records({ 'example.test': text }), {})).result, 'none', text);
    const { result, policy, published } = await evaluate(records({ 'example.test': 'v=DMARC1; p=reject; sp=jail; rua=mailto:a@x.test' }), {
      from: ['sub.example.test'],
    });
    assert.deepEqual([result, policy, published?.p], ['fail', 'none', 'none']);
  });

  test('an answer that matters and does not come is a temporary error', async () => {
    const zone = records({ 'example.test': 'v=DMARC1; p=reject; np=none' });
    const results = async (identifiers: Identifiers, failing: DnsFaults['failing']): Promise<string> =>
      (await evaluate(zone, identifiers, { failing: failing ?? [] })).result;
    assert.equal(await results({}, ['_dmarc.example.test']), 'temperror');
    assert.equal(await results({ from: ['sub.example.test'] }, ['_dmarc.test']), 'temperror');
    assert.equal(await results({ dkim: ['pass example.test'], spf: 'pass b.example.test' }, ['_dmarc.test']), 'pass');
    assert.equal(await results({ spf: 'pass b.example.test' }, ['_dmarc.test']), 'temperror');
    assert.equal(await results({ spf: 'pass b.test' }, ['_dmarc.b.test']), 'fail');
    assert.equal(await results({ from: ['gone.example.test'] }, ['gone.example.test']), 'temperror');
    assert.equal(await results({ dkim: ['temperror example.test'] }, []), 'temperror');
    assert.equal(await results({ dkim: ['temperror evil.test'], spf: 'temperror evil.test' }, []), 'fail');
    assert.equal(await results({ spf: 'temperror example.test', dkim: ['pass example.test'] }, []), 'pass');
  });

  test('without one author domain there is no evaluation, and a second author hides no first', async () => {
    const zone = records({ 'example.test': 'v=DMARC1; p=reject', 'mild.test': 'v=DMARC1; p=none' });
    for (const from of [[], [''], ['[192.0.2.1]'], ['a..b'], ['none.test', 'x y']])
      assert.equal((await evaluate(zone, { from })).result, 'permerror', from.join());
    const two = await evaluate(zone, { from: ['mild.test', 'example.test'], dkim: ['pass mild.test'] });
    assert.deepEqual([two.result, two.fromDomain, two.policy], ['fail', 'example.test', 'reject']);
    const both = await evaluate(zone, { from: ['mild.test', 'example.test'], dkim: ['pass mild.test', 'pass example.test'] });
    assert.deepEqual([both.result, both.fromDomain, both.reason], ['pass', '', '2 author domains']);
    assert.equal((await evaluate(zone, { from: ['none.test', 'example.test'], dkim: ['pass example.test'] })).result, 'none');
    for (const from of [
      ['example.test', 'x y'],
      ['[192.0.2.1]', 'example.test'],
    ]) {
      const { result, fromDomain, policy } = await evaluate(zone, { from });
      assert.deepEqual([result, fromDomain, policy], ['fail', 'example.test', 'reject']);
    }
    const many = ['a', 'b', 'c', 'd', 'e', 'f'].map((label) => `${label}.test`);
    assert.deepEqual(await evaluate(zone, { from: many }), {
      result: 'permerror',
      fromDomain: '',
      alignedSpf: false,
      alignedDkim: false,
      reason: 'more than 4 author domains',
    });
  });

  test('an author in Polish is compared in ASCII', async () => {
    const zone = records({ 'xn--kda4b0koi.test': 'v=DMARC1; p=reject' });
    const { result, fromDomain } = await evaluate(zone, { from: ['żółć.test'], dkim: ['pass xn--kda4b0koi.test'] });
    assert.deepEqual([result, fromDomain], ['pass', 'xn--kda4b0koi.test']);
  });

  test('any names give a result after a bounded number of questions', async () => {
    const label = fc.constantFrom('a', 'b', 'example', 'test', 'com');
    const domain = fc.array(label, { minLength: 1, maxLength: 20 }).map((labels) => labels.join('.'));
    const tag = fc.constantFrom('p=reject', 'p=none', 'sp=none', 'np=reject', 'psd=y', 'psd=n', 't=y', 'aspf=s', 'p=x', 'rua=mailto:a@b.test');
    await using dns = await FakeDns.start({});
    await fc.assert(
      fc.asyncProperty(
        fc.array(domain, { maxLength: 3 }),
        domain,
        fc.array(domain, { maxLength: 3 }),
        fc.dictionary(domain, fc.array(tag)),
        async (from, spf, dkim, found) => {
          dns.zone = records(Object.fromEntries(Object.entries(found).map(([name, tags]) => [name, ['v=DMARC1', ...tags].join(';')])));
          dns.questions.length = 0;
          await evaluateDmarc(dns.resolver(), { fromDomains: from, spf: spfOf(`pass ${spf}`), dkim: dkim.map((name) => dkimOf(`pass ${name}`)) });
          // A walk for each name, and whether each author's domain exists.
          assert.ok(dns.questions.length <= 8 * (from.length + 1 + dkim.length) + from.length);
        },
      ),
      { numRuns: 100 },
    );
  });
});

suite('reports to another domain', () => {
  test('are allowed by its own record, which may name another address there', async () => {
    const zone: Zone = {
      'example.test._report._dmarc.reports.example': { TXT: ['v=DMARC1'] },
      'example.test._report._dmarc.other.example': { TXT: ['v=DMARC1; rua=mailto:here@other.example'] },
      'example.test._report._dmarc.evil.example': { TXT: ['v=DMARC1; rua=mailto:victim@victim.example'] },
      'example.test._report._dmarc.wrong.example': { TXT: ['hello', 'p=none; v=DMARC1'] },
    };
    await using dns = await FakeDns.start(zone, { failing: ['example.test._report._dmarc.broken.example'] });
    const permission = (uri: string): ReturnType<typeof mayReportTo> => mayReportTo(dns.resolver(), 'example.test', uri);
    assert.deepEqual(await permission('mailto:a@reports.example!10m'), { result: 'allowed', uris: ['mailto:a@reports.example'] });
    assert.deepEqual(await permission('mailto:a@other.example'), { result: 'allowed', uris: ['mailto:here@other.example'] });
    assert.equal((await permission('mailto:a@broken.example')).result, 'temperror');
    for (const host of ['evil.example', 'wrong.example', 'silent.example', `${'a.'.repeat(110)}example`, '[192.0.2.1]'])
      assert.deepEqual(await permission(`mailto:a@${host}`), { result: 'refused', uris: [] }, host);
    for (const uri of ['https://reports.example/', 'nonsense', '']) assert.equal((await permission(uri)).result, 'refused');
  });

  test('need no record within the same organization', async () => {
    await using dns = await FakeDns.start(records({ 'example.test': 'v=DMARC1; p=none' }));
    const permission = async (policy: string, host: string): Promise<string> => (await mayReportTo(dns.resolver(), policy, `mailto:a@${host}`)).result;
    assert.equal(await permission('example.test', 'example.test'), 'allowed');
    assert.equal(await permission('example.test', 'mail.Example.Test'), 'allowed');
    assert.equal(await permission('sub.example.test', 'mail.example.test'), 'allowed');
    assert.equal(await permission('example.test', 'other.test'), 'refused');
  });
});

interface Identifiers {
  readonly from?: readonly string[];
  /** `result domain`. */
  readonly spf?: string;
  readonly dkim?: readonly string[];
}

async function evaluate(
  zone: Zone,
  { from = ['example.test'], spf = 'none other.test', dkim = [] }: Identifiers,
  faults: DnsFaults = {},
): Promise<DmarcResult> {
  await using dns = await FakeDns.start(zone, faults);
  return await evaluateDmarc(dns.resolver(), { fromDomains: from, spf: spfOf(spf), dkim: dkim.map(dkimOf) });
}

function records(texts: Readonly<Record<string, string>>): Zone {
  return Object.fromEntries(Object.entries(texts).map(([domain, text]) => [`_dmarc.${domain}`, { TXT: [text] }]));
}

function spfOf(text: string): SpfResult {
  const [result, domain = ''] = text.split(' ');
  return { result: result as SpfResult['result'], domain, scope: 'mfrom' };
}

function dkimOf(text: string): DkimResult {
  const [result, domain = ''] = text.split(' ');
  return { result: result as DkimResult['result'], domain, selector: 's', algorithm: 'rsa-sha256', identity: `@${domain}`, signatureStart: 'abc' };
}
