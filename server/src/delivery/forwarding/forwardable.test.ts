import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import type { Checks, DmarcResult } from '#authenticity/results.ts';
import { unforwardable } from './forwardable.ts';

test('mail without one author that could be asked about is not passed on under our name', () => {
  for (const result of ['none', 'fail', 'permerror'] as const) equal(unforwardable(checks(result, ''), 'capri.example'), 'dmarc');
  equal(unforwardable(checks('none', 'other.example'), 'capri.example'), undefined);
  equal(unforwardable(checks('none', 'capri.example'), 'capri.example'), 'forged');
});

function checks(result: DmarcResult['result'], fromDomain: string): Checks {
  return {
    spf: { result: 'none', domain: 'x.example', scope: 'mfrom' },
    dkim: [],
    dmarc: { result, fromDomain, alignedSpf: false, alignedDkim: false },
    arc: { result: 'none', instances: 0, sealers: [] },
    iprev: { result: 'permerror' },
  };
}
