import { doesNotMatch, equal, match, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { administratorMail, holdLanguage, holdReason, userMail } from './hold-text.ts';
import type { Finding } from './score.ts';

const findings: readonly Finding[] = [
  { sign: 'new-network', points: 40, count: 2 },
  { sign: 'new-recipients', points: 40, count: 111 },
  { sign: 'rate', points: 30, count: 222, of: 12 },
  { sign: 'refusals', points: 60, count: 33, of: 99 },
  { sign: 'complaints', points: 60, count: 4 },
];
const facts = { login: 'jan', address: 'jan@capri.example', when: '2026-11-23 12:00 UTC', findings, onHold: 'keep', isAdministrators: false } as const;

test('each mail says in its language what was seen, when, and what to do', () => {
  for (const language of ['en', 'pl'] as const) {
    const user = userMail(language, facts);
    const administrator = administratorMail(language, facts);
    for (const { text } of [user, administrator]) {
      for (const number of ['2', '111', '222', '12', '33', '99', '4', '2026-11-23 12:00 UTC', 'jan@capri.example'])
        ok(text.includes(number), `${number} in ${text}`);
      doesNotMatch(text, /undefined|NaN/);
      equal(text.split('\n').filter((line) => line.startsWith('- ')).length, findings.length);
    }
    match(administrator.text, /capri account release jan/);
    doesNotMatch(user.text, /capri account/, 'the user has no command line');
  }
  match(userMail('en', { ...facts, onHold: 'refuse' }).text, /is refused/);
  match(userMail('pl', { ...facts, onHold: 'refuse' }).text, /będzie odrzucana/);
});

test('Polish is for those who have chosen it', () => {
  for (const tag of ['pl', 'PL', 'pl-PL']) equal(holdLanguage(tag), 'pl');
  for (const tag of ['', 'en', 'de', 'plt']) equal(holdLanguage(tag), 'en');
});

test('the reason is one line', () => {
  match(holdReason(findings), /^unusual sending: [ -~]+$/);
});
