import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type AccountId, type EmailId, idWithin } from '#core/ids.ts';
import { countEmails, emailsAmong, emailsOf, formatEmails, keysForEmail, keysOfEmails } from './emails.ts';

const JAN = 7 as AccountId;
const ANNA = 8 as AccountId;
const email = (n: number, account: AccountId = JAN): EmailId => idWithin<EmailId>(account, n);

test('a set holds just the messages that it was made of, in whatever order they came', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 2 ** 30 - 1 }), { maxLength: 200 }), fc.integer({ min: 1, max: 2 ** 30 - 1 }), (numbers, other) => {
      const set = formatEmails(numbers.map((n) => email(n)));
      assert.equal(countEmails(set), numbers.length);
      assert.deepEqual(
        emailsOf(JAN, set, 1000),
        numbers.toSorted((a, b) => a - b).map((n) => email(n)),
      );
      const wanted = [...numbers, other].map((n) => email(n));
      assert.deepEqual(
        emailsAmong(JAN, set, wanted),
        wanted.filter((each) => each !== email(other) || numbers.includes(other)),
      );
      assert.deepEqual(
        emailsAmong(
          JAN,
          set,
          numbers.map((n) => email(n, ANNA)),
        ),
        [],
      );
    }),
  );
});

test('each message of a set leads to its row by one of its keys, and a row has few keys', () => {
  const numbers = fc.oneof(
    fc.uniqueArray(fc.integer({ min: 1, max: 2 ** 30 - 1 }), { minLength: 1, maxLength: 300 }),
    fc
      .tuple(fc.integer({ min: 1, max: 2 ** 29 }), fc.integer({ min: 1, max: 3000 }))
      .map(([first, count]) => Array.from({ length: count }, (_, i) => first + i)),
  );
  fc.assert(
    fc.property(numbers, (all) => {
      const keys = new Set(keysOfEmails(JAN, formatEmails(all.map((n) => email(n)))));
      assert.ok(keys.size <= 32);
      for (const n of all) assert.ok(keysForEmail(email(n)).some((key) => keys.has(key)));
    }),
    { numRuns: 50 },
  );
});

test('a row about all of a mailbox is found by each message of the account, and by no other', () => {
  assert.equal(formatEmails([]), '');
  const [key = ''] = keysOfEmails(JAN, '');
  assert.ok(keysForEmail(email(5)).includes(key));
  assert.ok(!keysForEmail(email(5, ANNA)).includes(key));
});
