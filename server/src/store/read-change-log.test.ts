import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import type { Modseq } from '#core/ids.ts';
import { mailboxWith, openTestStore } from '../../test/support/store.ts';
import { touchedSince } from './read-change-log.ts';
import { one, sql } from './sql.ts';

test('of a log that tells of very much no more is read than is quicker than a look at all messages', async () => {
  await using place = await openTestStore();
  const { store } = place;
  const { account, mailbox } = await mailboxWith(store, 4001);
  const first = await store.query(one<{ readonly modseq: number }>(sql`SELECT min(modseq) AS modseq FROM entry WHERE mailbox = ${mailbox}`));
  const since = (modseq: number): ReturnType<typeof touchedSince> => touchedSince(mailbox, account, modseq as Modseq);
  const begin = first?.modseq ?? 0;
  equal(await store.query(since(begin - 1)), undefined);
  deepEqual(await store.query(since(begin)), [[2, 4001]]);
});
