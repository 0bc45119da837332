import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ABSENT, Ledger } from './ledger.ts';

const acknowledged = async (): Promise<boolean> => true;
const interrupted = async (): Promise<boolean> => {
  throw new Error('killed');
};

test('an acknowledged message that is missing is a problem', async () => {
  const ledger = new Ledger();
  await ledger.change(['ida'], 'm1', 'INBOX', acknowledged);
  assert.deepEqual(ledger.reconcile('ida', new Map()), ['ida: m1 is absent, expected INBOX']);
});

test('a message that was interrupted may be there or not, but not twice', async () => {
  const ledger = new Ledger();
  await assert.rejects(ledger.change(['ida'], 'm1', 'INBOX', interrupted));
  assert.deepEqual(ledger.reconcile('ida', new Map([['m1', ['INBOX', 'Archive']]])), ['ida: m1 is there 2 times: INBOX, Archive']);
});

test('a message that comes back after an acknowledged removal is a problem', async () => {
  const ledger = new Ledger();
  await ledger.change(['ida'], 'm1', 'INBOX', acknowledged);
  await ledger.change(['ida'], 'm1', ABSENT, acknowledged);
  assert.deepEqual(ledger.reconcile('ida', new Map([['m1', ['INBOX']]])), [
    'ida: m1 is back in INBOX though its removal was acknowledged or it was never sent',
  ]);
});

test('a message that reached some of its recipients only is a problem', async () => {
  const ledger = new Ledger();
  await assert.rejects(ledger.change(['ida', 'pola'], 'm1', 'INBOX', interrupted));
  ledger.reconcile('ida', new Map([['m1', ['INBOX']]]));
  ledger.reconcile('pola', new Map());
  assert.deepEqual(ledger.reconcileGroups(), ['m1 reached some of its recipients only']);
});
