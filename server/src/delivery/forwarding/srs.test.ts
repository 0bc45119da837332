import { deepEqual, equal, match, notEqual } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Srs, type SrsAddress, isSrs, srsForward, srsReverse } from './srs.ts';

const DAY_MS = 24 * 3600 * 1000;
const NOW_MS = Date.UTC(2026, 10, 23, 12);
const ours: Srs = { domain: 'capri.example', secrets: [Buffer.alloc(32, 1)], validDays: 21 };
const theirs: Srs = { domain: 'forwarder.example', secrets: [Buffer.alloc(32, 2)], validDays: 21 };
const domains = fc.constantFrom('outside.example', 'xn--bcher-kva.example', '[192.0.2.1]', '[IPv6:2001:db8::1]', 'a.b.c.d.example');
const localParts = fc.string({ minLength: 1, maxLength: 64, unit: 'binary' }).filter((text) => !isSrs(text));

test('an address is rewritten to ours and leads back, with the local part as it was', () => {
  const sender = { localPart: 'Anna.Nowak+List=x', domain: 'outside.example' };
  const rewritten = srsForward(ours, sender, NOW_MS);
  match(rewritten.localPart, /^SRS0=[a-z2-7]{8}=[a-z2-7]{2}=outside\.example=Anna\.Nowak\+List=x$/);
  equal(rewritten.domain, 'capri.example');
  deepEqual(srsReverse(ours, rewritten.localPart, NOW_MS), { kind: 'sender', address: sender });
});

test('any sender leads back to itself, for as long as the address is good and not longer', () => {
  fc.assert(
    fc.property(localParts, domains, fc.integer({ min: 0, max: 10_000 }), fc.integer({ min: 0, max: 900 }), (localPart, domain, day, age) => {
      const sender = { localPart, domain };
      const madeMs = day * DAY_MS;
      const rewritten = srsForward(ours, sender, madeMs);
      const expected = age <= 21 ? { kind: 'sender', address: { localPart, domain: domain.toLowerCase() } } : { kind: 'expired' };
      deepEqual(srsReverse(ours, rewritten.localPart, madeMs + age * DAY_MS), expected);
    }),
  );
});

test('the case of an address may be changed on the way, and the separator', () => {
  const { localPart } = srsForward(ours, { localPart: 'Anna', domain: 'outside.example' }, NOW_MS);
  const lead = (text: string): unknown => srsReverse(ours, text, NOW_MS);
  deepEqual(lead(localPart.toLowerCase()), { kind: 'sender', address: { localPart: 'anna', domain: 'outside.example' } });
  deepEqual(lead(localPart.toUpperCase()), { kind: 'sender', address: { localPart: 'ANNA', domain: 'outside.example' } });
  for (const separator of ['+', '-']) {
    deepEqual(lead(`SRS0${separator}${localPart.slice(5)}`), { kind: 'sender', address: { localPart: 'Anna', domain: 'outside.example' } });
  }
});

test('an address that somebody else has rewritten leads back to them, however many forwarders follow', () => {
  fc.assert(
    fc.property(localParts, domains, fc.integer({ min: 1, max: 5 }), (localPart, domain, more) => {
      const first = srsForward(theirs, { localPart, domain }, NOW_MS);
      const others = Array.from({ length: more }, (_, n): Srs => ({ domain: `n${n}.example`, secrets: [Buffer.alloc(32, 10 + n)], validDays: 21 }));
      let passed: SrsAddress = first;
      for (const srs of [...others, ours]) passed = srsForward(srs, passed, NOW_MS);
      match(passed.localPart, /^SRS1=[a-z2-7]{8}=forwarder\.example==/);
      equal(passed.domain, 'capri.example');
      deepEqual(srsReverse(ours, passed.localPart, NOW_MS), { kind: 'sender', address: first });
      deepEqual(srsReverse(theirs, first.localPart, NOW_MS), { kind: 'sender', address: { localPart, domain: domain.toLowerCase() } });
    }),
  );
});

test('the separator of another forwarder is kept in what goes back to it', () => {
  for (const separator of ['=', '+', '-']) {
    const first = { localPart: `SRS0${separator}abcd=ef=outside.example=anna`, domain: 'forwarder.example' };
    deepEqual(srsReverse(ours, srsForward(ours, first, NOW_MS).localPart, NOW_MS), { kind: 'sender', address: first });
  }
});

test('a local part that only looks like SRS is a sender like any other', () => {
  for (const localPart of ['SRS0', 'SRS0=x', 'srs1=a=b', 'SRS0-team', 'SRS1=a=b=c']) {
    const rewritten = srsForward(ours, { localPart, domain: 'outside.example' }, NOW_MS);
    match(rewritten.localPart, /^SRS0=/);
    deepEqual(srsReverse(ours, rewritten.localPart, NOW_MS), { kind: 'sender', address: { localPart, domain: 'outside.example' } });
  }
});

test('a change in any part is found out', () => {
  const { localPart } = srsForward(ours, { localPart: 'anna', domain: 'outside.example' }, NOW_MS);
  fc.assert(
    fc.property(fc.nat(localPart.length - 1), fc.constantFrom(...'abcxyz0123=.@%!'.split('')), (at, letter) => {
      const changed = localPart.slice(0, at) + letter + localPart.slice(at + 1);
      const answer = srsReverse(ours, changed, NOW_MS);
      if (changed.toLowerCase() !== localPart.toLowerCase()) equal(answer.kind, 'forged');
    }),
  );
  const answer = srsReverse(ours, localPart.replace('outside.example', 'victim.example'), NOW_MS);
  deepEqual(answer, { kind: 'forged' });
  equal(srsReverse(theirs, localPart, NOW_MS).kind, 'forged');
});

test('no text makes it throw, and none that we have not made leads anywhere', () => {
  const pieces = fc.array(fc.constantFrom('SRS0', 'SRS1', 'srs0', '=', '+', '-', 'aaaaaaaa', 'bb', 'victim.example', 'anna', '@', '"', '%'), { maxLength: 12 });
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary', maxLength: 600 }),
        pieces.map((all) => all.join('')),
      ),
      (text) => {
        notEqual(srsReverse(ours, text, NOW_MS).kind, 'sender');
      },
    ),
    { numRuns: 2000 },
  );
});

test('an older secret is still taken, a removed one is not', () => {
  const old = srsForward(ours, { localPart: 'anna', domain: 'outside.example' }, NOW_MS);
  const rotated: Srs = { ...ours, secrets: [Buffer.alloc(32, 9), ...ours.secrets] };
  equal(srsReverse(rotated, old.localPart, NOW_MS).kind, 'sender');
  notEqual(srsForward(rotated, { localPart: 'anna', domain: 'outside.example' }, NOW_MS).localPart, old.localPart);
  equal(srsReverse({ ...ours, secrets: [Buffer.alloc(32, 9)] }, old.localPart, NOW_MS).kind, 'forged');
});
