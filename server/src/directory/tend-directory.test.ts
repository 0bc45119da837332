import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AccountId } from '#core/ids.ts';
import { keepHouse } from '#store/housekeeping.ts';
import { all, one, type Program, sql } from '#store/sql.ts';
import { addTestAccount, openTestDirectory, signInFrom } from '../../test/support/directory.ts';
import { appendTexts, mailboxId, sampleText } from '../../test/support/store.ts';
import { removeAccount } from './accounts.ts';
import { tendDirectory } from './tend-directory.ts';

const DAY_MS = 24 * 3600_000;

test('a removed account is gone at once, and in the end nothing is left of it', async () => {
  await using place = await openTestDirectory();
  const { store, clock, directory } = place;
  const jan = await addTestAccount(place, 'jan');
  const anna = await addTestAccount(place, 'anna');
  const inbox = await mailboxId(store, jan, 'INBOX');
  await appendTexts(store, jan, inbox, [sampleText(1), sampleText(2)]);
  await appendTexts(store, anna, await mailboxId(store, anna, 'INBOX'), [sampleText(3)]);
  await place.people.signInWithPassword('jan', 'jan-password', signInFrom());
  await place.people.flush();
  using open = await store.openMailbox(inbox);
  let isDeleted = false;
  using _listening = open.onChange((change) => {
    isDeleted ||= change.deleted;
  });

  await store.commit(removeAccount, { account: jan, nowMs: clock.nowMs() });
  open.refresh();
  assert.equal(isDeleted, true);
  assert.equal(await place.people.resolve('jan', 'capri.example'), undefined);
  await assert.rejects(store.openMailbox(inbox));
  await tendDirectory(store, clock);
  assert.notEqual((await store.query(rowsOf(jan))).length, 0);

  for (let round = 0; round < 3; round++) {
    clock.advance(DAY_MS);
    await keepHouse({ store, directory, clock });
    await tendDirectory(store, clock);
  }
  assert.deepEqual(await store.query(rowsOf(jan)), []);
  assert.notEqual((await store.query(rowsOf(anna))).length, 0);
});

test('reserved names and sign-in lists are forgotten when their time is over', async () => {
  await using place = await openTestDirectory();
  const { store, clock } = place;
  const jan = await addTestAccount(place, 'jan');
  await addTestAccount(place, 'anna');
  await place.people.signInWithPassword('anna', 'anna-password', signInFrom());
  await place.people.flush();
  await store.commit(removeAccount, { account: jan, nowMs: clock.nowMs() });
  await tendDirectory(store, clock);
  assert.deepEqual(await store.query(counts()), { names: 2, listed: 1, networks: 1 });
  clock.advance(200 * DAY_MS);
  await tendDirectory(store, clock);
  assert.deepEqual(await store.query(counts()), { names: 0, listed: 0, networks: 0 });
});

/** The tables in which something of the account is left. */
function* rowsOf(account: AccountId): Program<readonly unknown[]> {
  const first = account * 2 ** 30;
  const last = first + 2 ** 30 - 1;
  return yield* all(sql`
    SELECT 'account' FROM account WHERE account = ${account} UNION ALL SELECT 'removal' FROM account_removal WHERE account = ${account}
    UNION ALL SELECT 'state' FROM account_state WHERE account = ${account} UNION ALL SELECT 'mailbox' FROM mailbox WHERE account = ${account}
    UNION ALL SELECT 'subscription' FROM subscription WHERE account = ${account} UNION ALL SELECT 'change' FROM change WHERE account = ${account}
    UNION ALL SELECT 'thread' FROM thread_key WHERE account = ${account} UNION ALL SELECT 'sign-in' FROM sign_in WHERE account = ${account}
    UNION ALL SELECT 'network' FROM known_network WHERE account = ${account} UNION ALL SELECT 'address' FROM address WHERE account = ${account}
    UNION ALL SELECT 'message' FROM message WHERE email BETWEEN ${first} AND ${last} UNION ALL SELECT 'entry' FROM entry WHERE mailbox BETWEEN ${first} AND ${last}`);
}

function* counts(): Program<unknown> {
  return yield* one(sql`
    SELECT (SELECT count(*) FROM reserved_name) AS names, (SELECT count(*) FROM sign_in) AS listed, (SELECT count(*) FROM known_network) AS networks`);
}
