import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Checks, DkimResultName, DmarcPolicy, DmarcResult, SpfResultName } from '#authenticity/results.ts';
import { decide, type Decision, type Findings } from './decision.ts';

const SETTINGS = { spfFail: 'accept', trustedSealers: ['lists.example'] } as const;

test('what passes is taken, whatever the policy', () => {
  deepEqual(decide(findings({ dmarc: 'pass', policy: 'reject', spf: 'fail' }), SETTINGS), { action: 'accept', reasons: ['author-passes'] });
});

test('what could not be found out is no ground against a message', () => {
  deepEqual(decide(findings({ dmarc: 'temperror' }), SETTINGS), { action: 'accept', reasons: ['temporary-error'] });
  const unsure = [findings({ dmarc: 'fail', policy: 'reject', spf: 'temperror' }), findings({ dmarc: 'fail', policy: 'reject', dkim: ['fail', 'temperror'] })];
  for (const given of unsure) deepEqual(decide(given, SETTINGS), { action: 'quarantine', reasons: ['policy-reject', 'temporary-error'] });
});

test('p=reject is Junk where something speaks for the message, and a refusal where nothing does', () => {
  const failed = { dmarc: 'fail', policy: 'reject' } as const;
  deepEqual(outline(decide(findings({ ...failed, spf: 'pass' }), SETTINGS)), ['quarantine', 'policy-reject', 'spf-of-another']);
  deepEqual(outline(decide(findings({ ...failed, dkim: ['fail', 'pass'] }), SETTINGS)), ['quarantine', 'policy-reject', 'dkim-survives']);
  deepEqual(outline(decide({ ...findings(failed), indirect: 'list-id' }, SETTINGS)), ['quarantine', 'policy-reject', 'indirect']);
  for (const spf of ['none', 'neutral', 'softfail', 'fail', 'permerror'] as const) {
    for (const dkim of [[], ['fail'], ['permerror', 'policy', 'neutral']] as const) {
      deepEqual(outline(decide(findings({ ...failed, spf, dkim }), SETTINGS)), ['reject', 'policy-reject', 'nobody-vouches']);
    }
  }
});

test('p=quarantine is Junk, p=none is what it would be without a policy', () => {
  deepEqual(outline(decide(findings({ dmarc: 'fail', policy: 'quarantine', spf: 'fail' }), SETTINGS)), ['quarantine', 'policy-quarantine']);
  deepEqual(outline(decide(findings({ dmarc: 'fail', policy: 'none', spf: 'fail' }), SETTINGS)), ['accept', 'spf-fail', 'no-policy']);
  deepEqual(outline(decide(findings({ dmarc: 'fail', policy: 'none', spf: 'softfail' }), SETTINGS)), ['accept', 'no-policy']);
});

test('a hard SPF fail alone means what the settings say, and the explanation names whose words it is', () => {
  const failed = findings({ dmarc: 'none', spf: 'fail', explanation: 'see http://why.example' });
  deepEqual(outline(decide(failed, { ...SETTINGS, spfFail: 'quarantine' })), ['quarantine', 'spf-fail', 'no-policy']);
  const refused = decide(failed, { ...SETTINGS, spfFail: 'reject' });
  ok(refused.action === 'reject');
  equal(refused.text, 'SPF of envelope.example does not allow mail from your address; envelope.example explains: see http://why.example');
});

test('a seal counts when it is unbroken, of a trusted server, and about this author', () => {
  const failed = findings({ dmarc: 'fail', policy: 'reject' });
  const sealed = (arc: Partial<Checks['arc']>): string =>
    decide(
      {
        ...failed,
        checks: {
          ...failed.checks,
          arc: { result: 'pass', instances: 1, sealers: ['lists.example'], authenticationResults: 'x; dmarc=pass header.from=author.example', ...arc },
        },
      },
      SETTINGS,
    ).action;
  equal(sealed({}), 'accept');
  equal(sealed({ result: 'fail' }), 'reject');
  equal(sealed({ sealers: ['other.example', 'lists.example'] }), 'reject');
  equal(sealed({ authenticationResults: 'x; dmarc=pass header.from=another.example' }), 'reject');
  equal(sealed({ authenticationResults: 'x; dmarc=pass' }), 'reject');
  equal(
    sealed({ authenticationResults: 'x; dmarc=fail header.from=author.example; arc=pass', instances: 2, sealers: ['lists.example', 'lists.example'] }),
    'accept',
  );
  equal(
    sealed({ authenticationResults: 'x; dmarc=fail header.from=author.example; arc=pass', instances: 2, sealers: ['lists.example', 'other.example'] }),
    'reject',
  );
});

test('two From fields are Junk, whatever they pass', () => {
  deepEqual(outline(decide({ ...findings({ dmarc: 'permerror' }), authorProblem: 'several-from' }, SETTINGS)), ['quarantine', 'several-from']);
});

test('a header too long to be looked at is Junk: padding is no way past a policy', () => {
  deepEqual(outline(decide({ ...findings({ dmarc: 'permerror' }), authorProblem: 'long-header' }, SETTINGS)), ['quarantine', 'long-header']);
});

test('nothing is refused without p=reject and two failed checks, and every text is one line', () => {
  const spf = fc.constantFrom<SpfResultName>('none', 'neutral', 'pass', 'fail', 'softfail', 'temperror', 'permerror');
  const dkim = fc.array(fc.constantFrom<DkimResultName>('none', 'pass', 'fail', 'policy', 'neutral', 'temperror', 'permerror'), { maxLength: 3 });
  const dmarc = fc.constantFrom<DmarcResult['result']>('none', 'pass', 'fail', 'temperror', 'permerror');
  const policy = fc.option(fc.constantFrom<DmarcPolicy>('none', 'quarantine', 'reject'), { nil: undefined });
  fc.assert(
    fc.property(spf, dkim, dmarc, policy, fc.string(), (spfResult, dkimResults, dmarcResult, published, domain) => {
      const decision = decide(findings({ dmarc: dmarcResult, policy: published, spf: spfResult, dkim: dkimResults, domain }), SETTINGS);
      if (decision.action !== 'reject') return;
      ok(dmarcResult === 'fail' && published === 'reject' && spfResult !== 'pass' && !dkimResults.includes('pass'));
      ok(/^[ -~]{1,400}$/.test(decision.text));
    }),
  );
});

interface Given {
  readonly dmarc: DmarcResult['result'];
  readonly policy?: DmarcPolicy | undefined;
  readonly spf?: SpfResultName;
  readonly dkim?: readonly DkimResultName[];
  readonly explanation?: string;
  readonly domain?: string;
}

function findings({ dmarc, policy, spf = 'none', dkim = [], explanation, domain = 'author.example' }: Given): Findings {
  const checks: Checks = {
    spf: { result: spf, domain: 'envelope.example', scope: 'mfrom', explanation },
    dkim: dkim.map((result) => ({ result, domain: 'd.example', selector: 's', algorithm: 'rsa-sha256', identity: '@d.example', signatureStart: 'abc' })),
    dmarc: { result: dmarc, fromDomain: domain, policyDomain: domain, policy, alignedSpf: dmarc === 'pass', alignedDkim: false },
    arc: { result: 'none', instances: 0, sealers: [] },
    iprev: { result: 'fail' },
  };
  return { checks, authorProblem: undefined, indirect: undefined };
}

function outline({ action, reasons }: Decision): readonly string[] {
  return [action, ...reasons];
}
