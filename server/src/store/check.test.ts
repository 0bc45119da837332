import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { makeAccount, appendTexts, mailboxId, openTestStore, sampleText, TEST_TIME_MS } from '../../test/support/store.ts';
import { metadataFile, segmentFile } from './blobs/layout.ts';
import { checkStore } from './check.ts';
import type { Problem } from './check/problem.ts';
import { copyMessages } from './copy-messages.ts';
import { createMailbox } from './create-mailbox.ts';
import { deleteMailbox } from './delete-mailbox.ts';
import { expunge } from './expunge.ts';
import { Connection } from './sqlite/driver.ts';
import { updateFlags } from './update-flags.ts';

/** What is done to a sound store, and the kind of problem that must be found. */
const DAMAGES: readonly (readonly [sql: string, kind: Problem['kind']])[] = [
  ['UPDATE mailbox SET messages = messages + 1 WHERE messages > 0', 'mailbox'],
  ["UPDATE mailbox SET unseen = unseen - 1 WHERE name = 'INBOX'", 'mailbox'],
  ["UPDATE mailbox SET deleted = 9 WHERE name = 'INBOX'", 'mailbox'],
  ["UPDATE mailbox SET bytes = bytes + 1 WHERE name = 'INBOX'", 'mailbox'],
  ["UPDATE mailbox SET uidnext = 2 WHERE name = 'INBOX'", 'entry'],
  ["UPDATE mailbox SET recent_uid = 99 WHERE name = 'INBOX'", 'mailbox'],
  ["UPDATE mailbox SET highest_modseq = 1 WHERE name = 'INBOX'", 'entry'],
  ["UPDATE mailbox SET highest_modseq = 9999 WHERE name = 'INBOX'", 'account'],
  ["UPDATE mailbox SET uidvalidity = uidvalidity + 1000 WHERE name = 'INBOX'", 'account'],
  ["UPDATE mailbox SET uidvalidity = (SELECT uidvalidity FROM mailbox WHERE name = 'Sent') WHERE name = 'INBOX'", 'account'],
  ["UPDATE mailbox SET name = 'above/below' WHERE name = 'Junk'", 'mailbox'],
  ["UPDATE mailbox SET name = 'a//b' WHERE name = 'Junk'", 'mailbox'],
  ["UPDATE mailbox SET special_use = '\\Sent' WHERE name = 'Junk'", 'mailbox'],
  ["UPDATE mailbox SET selectable = 0 WHERE name = 'INBOX'", 'mailbox'],
  ["DELETE FROM mailbox WHERE name = 'INBOX'", 'entry'],
  ['UPDATE account_state SET used_bytes = used_bytes + 1', 'account'],
  ['UPDATE account_state SET used_messages = used_messages - 1', 'account'],
  ['UPDATE account_state SET next_email = 1', 'account'],
  ['UPDATE account_state SET next_mailbox = 1', 'account'],
  ['UPDATE account_state SET modseq = 1', 'account'],
  ['UPDATE account_state SET log_floor = modseq + 1', 'change-log'],
  ['DELETE FROM account_state', 'mailbox'],
  ['UPDATE keyword SET uses = uses + 1', 'keyword'],
  ['DELETE FROM keyword', 'keyword'],
  ['DELETE FROM entry WHERE uid = 2', 'mailbox'],
  ['UPDATE entry SET uid = 0 WHERE uid = 2', 'entry'],
  ['UPDATE entry SET email = email + 5 * 1073741824 WHERE uid = 2', 'entry'],
  ['UPDATE entry SET flags = flags + 1 WHERE uid = 2', 'mailbox'],
  ['UPDATE entry SET modseq = 0 WHERE uid = 2', 'entry'],
  ['UPDATE entry SET size = size + 1 WHERE uid = 2', 'entry'],
  ['UPDATE message SET home_uid = 4711 WHERE home_uid = 2', 'entry'],
  ['INSERT INTO entry SELECT mailbox, uid + 2, email, flags, modseq, size, saved_at, 0, 0 FROM entry WHERE uid = 4', 'entry'],
  ['DELETE FROM message WHERE email = (SELECT email FROM entry WHERE uid = 2)', 'entry'],
  ['DELETE FROM orphan', 'message'],
  ['UPDATE message SET thread = thread + 7 * 1073741824', 'thread'],
  ['UPDATE message SET size = size + 1', 'message'],
  ['UPDATE message SET header_size = size + 1', 'message'],
  ['UPDATE message SET blob = blob + 1', 'message'],
  ['DELETE FROM prepared WHERE body = (SELECT min(body) FROM prepared)', 'message'],
  ['INSERT INTO prepared SELECT body + 1, envelope, body_structure, fields, structure, subject_key, preview FROM prepared LIMIT 1', 'body'],
  ['INSERT INTO thread_key VALUES (1, 12345, 1073741824 + 9999)', 'thread'],
  ["DELETE FROM change WHERE kind = 'flags'", 'change-log'],
  ["DELETE FROM change WHERE kind = 'append'", 'change-log'],
  ["DELETE FROM change WHERE kind = 'expunge'", 'change-log'],
  ["UPDATE change SET emails = NULL WHERE kind = 'expunge'", 'change-log'],
  ['UPDATE change SET modseq = modseq + 10000', 'change-log'],
  ['UPDATE blob SET refs = refs + 1', 'body'],
  ['UPDATE blob SET refs = refs - 1', 'body'],
  ['UPDATE blob SET freed_at = 1', 'body'],
  ['UPDATE blob SET length = length + 1 WHERE blob = (SELECT min(blob) FROM blob)', 'body'],
  ['UPDATE blob SET length = 999999', 'body'],
  ['UPDATE blob SET segment = 77, place = 0', 'body'],
  ['DELETE FROM blob', 'message'],
  ['DELETE FROM segment', 'body'],
  ["UPDATE segment SET state = 'removed'", 'body'],
  ['UPDATE segment SET size = size + 1000000', 'segment'],
  ['DROP INDEX mailbox_by_name', 'database'],
];

test('the checker notices every kind of damage', async (t) => {
  const sound = await soundStore();
  try {
    assert.deepEqual(await checkStore(sound), []);
    for (const [statement, kind] of DAMAGES) {
      await t.test(statement, async () => {
        const problems = await problemsAfter(sound, (directory) => {
          using connection = new Connection(metadataFile(directory));
          connection.script(statement);
        });
        assert.ok(
          problems.some((problem) => problem.kind === kind),
          `found: ${JSON.stringify(problems)}`,
        );
      });
    }
    for (const [name, damage] of [
      ['a segment is missing', (file: string) => fs.rmSync(file)],
      ['a segment is short', (file: string) => fs.truncateSync(file, 100)],
    ] as const)
      await t.test(name, async () => {
        const problems = await problemsAfter(sound, (directory) => damage(segmentFile(directory, 1)));
        assert.ok(problems.some(({ kind }) => kind === 'segment'));
      });
  } finally {
    fs.rmSync(sound, { recursive: true, force: true });
  }
});

/** A directory with a little of everything: flags, a keyword, a copy, an expunged message, a deleted mailbox. */
async function soundStore(): Promise<string> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'capri-check-'));
  await using place = await openTestStore();
  const { store } = place;
  const { account, inbox } = await makeAccount(store);
  await appendTexts(store, account, inbox, [1, 2, 3, 4].map(sampleText));
  const nowMs = TEST_TIME_MS;
  await store.commit(updateFlags, { account, mailbox: inbox, uids: '3', change: { mode: 'add', flags: 0, keywords: ['$Forwarded'] }, nowMs });
  const { mailbox: old } = await store.commit(createMailbox, { account, name: 'Old', nowMs });
  await store.commit(copyMessages, { account, from: inbox, to: await mailboxId(store, account, 'Archive'), uids: '4', nowMs });
  await store.commit(copyMessages, { account, from: inbox, to: old, uids: '1', nowMs });
  await store.commit(deleteMailbox, { account, mailbox: old, nowMs });
  await store.commit(expunge, { account, mailbox: inbox, uids: '1', onlyDeleted: false, nowMs });
  await store.commit(expunge, { account, mailbox: inbox, uids: '1', onlyDeleted: false, nowMs });
  const [last] = await appendTexts(store, account, inbox, [sampleText(5)]);
  await store.commit(expunge, { account, mailbox: inbox, uids: String(last?.uid), onlyDeleted: false, nowMs });
  await store[Symbol.asyncDispose]();
  fs.cpSync(place.directory, directory, { recursive: true });
  return directory;
}

async function problemsAfter(sound: string, damage: (directory: string) => void): Promise<readonly Problem[]> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'capri-check-'));
  try {
    fs.cpSync(sound, directory, { recursive: true });
    damage(directory);
    return await checkStore(directory);
  } finally {
    fs.rmSync(directory, { recursive: true, force: true });
  }
}
