/** A COMMIT that fails behind the journal: what was refused does not come back, and what may be in the log is not lost. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import Sqlite from 'better-sqlite3';
import type { AccountId, MailboxId } from '#core/ids.ts';
import { preparedLike, sampleText, TEST_TIME_MS } from '../../../test/support/store.ts';
import { createAccountMail } from '../account-mail.ts';
import { append } from '../append.ts';
import { checkStore } from '../check.ts';
import { STORE_MUTATIONS } from '../mutations.ts';
import { openForWriting } from '../open.ts';
import { sql } from '../sql.ts';
import type { Connection } from './driver.ts';
import type { Answer } from './protocol.ts';
import { Writer } from './writer.ts';

const ACCOUNT = 1 as AccountId;

test('a commit that found no room has certainly committed nothing: its group stays refused, the next one is kept', async () => {
  await using house = openHouse();
  await house.append(1);
  house.failCommit = 'before';
  assert.equal((await house.append(2))[1], false);
  house.failCommit = undefined;
  assert.equal((await house.append(3))[1], true);
  assert.deepEqual(house.fatal, []);
  assert.deepEqual(house.reopened(), [sampleText(1).length, sampleText(3).length]);
});

test('after a commit of which nobody knows whether it is in the log no request is taken, and the group is there when the store is opened again', async () => {
  for (const failCommit of ['behind', 'in doubt'] as const) {
    await using house = openHouse();
    await house.append(1);
    house.failCommit = failCommit;
    assert.equal((await house.append(2))[1], false);
    house.failCommit = undefined;
    assert.equal(house.fatal.length, 1, failCommit);
    assert.equal((await house.append(3))[1], false);
    assert.deepEqual(house.reopened(), [sampleText(1).length, sampleText(2).length], failCommit);
  }
});

interface House extends AsyncDisposable {
  /** `before`: no page could be written. `behind`: it is in the log, and fails nevertheless. `in doubt`: it is not, and the error does not say so. */
  failCommit: 'before' | 'behind' | 'in doubt' | undefined;
  readonly fatal: unknown[];
  append(n: number): Promise<Answer>;
  /** The sizes of the messages of a store opened on a copy of the directory as it is now; the checker is content with it. */
  reopened(): readonly number[];
}

function openHouse(): House {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'capri-commit-'));
  const connection = openForWriting(directory);
  const commit = connection.execute.bind(connection);
  connection.execute = (text): void => {
    if (text !== 'COMMIT' || house.failCommit === undefined) return commit(text);
    if (house.failCommit === 'before') throw new Sqlite.SqliteError('disk full', 'SQLITE_FULL');
    if (house.failCommit === 'behind') commit('COMMIT');
    throw new Sqlite.SqliteError('the index of the log cannot grow', 'SQLITE_IOERR_SHMSIZE');
  };
  const fatal: unknown[] = [];
  const writer = new Writer({ directory, connection, mutations: STORE_MUTATIONS, onFailure: () => undefined, onFatal: (error) => fatal.push(error) });
  const waiting = new Map<number, (answer: Answer) => void>();
  const client = { deliver: ({ answers }: { readonly answers: readonly Answer[] }) => answers.forEach((answer) => waiting.get(answer[0])?.(answer)) };
  writer.addClient(client);
  const ask = (id: number, name: string, args: unknown, bodies: readonly { readonly bytes: Uint8Array }[]): Promise<Answer> => {
    const answered = new Promise<Answer>((resolve) => waiting.set(id, resolve));
    writer.submit(client, { owner: 'test', requests: [{ id, name, args, bodies }] });
    return answered;
  };
  const made = ask(0, createAccountMail.name, { account: ACCOUNT, nowMs: TEST_TIME_MS }, []);
  const house: House = {
    failCommit: undefined,
    fatal,
    append: async (n) => {
      const mailbox = (await made)[2] as MailboxId;
      const { message, bytes } = preparedLike(sampleText(n));
      const messages = [{ message, flags: 0, keywords: [], receivedAtMs: TEST_TIME_MS }];
      return ask(n, append.name, { account: ACCOUNT, mailbox, nowMs: TEST_TIME_MS, messages }, [{ bytes }]);
    },
    reopened: () => {
      const copy = fs.mkdtempSync(path.join(os.tmpdir(), 'capri-commit-'));
      try {
        fs.cpSync(directory, copy, { recursive: true });
        using again: Connection = openForWriting(copy);
        return again.rows<[number]>(sql`SELECT size FROM message ORDER BY email`).map(([size]) => size);
      } finally {
        fs.rmSync(copy, { recursive: true });
      }
    },
    [Symbol.asyncDispose]: async () => {
      writer.stop();
      connection[Symbol.dispose]();
      openForWriting(directory)[Symbol.dispose]();
      assert.deepEqual(await checkStore(directory), []);
      fs.rmSync(directory, { recursive: true });
    },
  };
  return house;
}
