/** A real store in a temporary directory, for tests of every room; it is checked when it closes. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { latin1 } from '#core/bytes.ts';
import type { AccountId, MailboxId } from '#core/ids.ts';
import type { PreparedMessage } from '#message/prepared.ts';
import { createAccountMail } from '#store/account-mail.ts';
import type { AddedMessage } from '#store/add-message.ts';
import { append } from '#store/append.ts';
import type { BodyFiles } from '#store/blobs/files.ts';
import { checkStore } from '#store/check.ts';
import { findMailbox } from '#store/list-mailboxes.ts';
import { STORE_MUTATIONS } from '#store/mutations.ts';
import { openStore } from '#store/open.ts';
import type { AnyMutation } from '#store/sqlite/writer.ts';
import type { Store } from '#store/store.ts';

export interface TestStore extends AsyncDisposable {
  readonly directory: string;
  readonly store: Store;
}

export interface TestStoreOptions {
  /** Mutations of rooms above the store. */
  readonly mutations?: readonly AnyMutation[];
  readonly files?: BodyFiles;
  readonly freeSpaceMarkBytes?: number;
  readonly segmentBytes?: number;
  readonly onError?: (error: unknown) => void;
}

/** A new, empty store; closing it runs the checker and removes the directory. */
export async function openTestStore(options: TestStoreOptions = {}): Promise<TestStore> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'capri-store-'));
  const { mutations = [], ...rest } = options;
  const store = await openStore({ directory, inline: true, mutations: [...STORE_MUTATIONS, ...mutations], ...rest });
  return {
    directory,
    store,
    [Symbol.asyncDispose]: async () => {
      await store[Symbol.asyncDispose]();
      const problems = await checkStore(directory);
      fs.rmSync(directory, { recursive: true, force: true });
      assert.deepEqual(problems, [], 'the checker found the store unsound');
    },
  };
}

export const TEST_TIME_MS: number = Date.UTC(2026, 10, 23, 12);

/** Makes the mail of an account; returns its INBOX. */
export async function makeAccount(store: Store, account: number = 1): Promise<{ readonly account: AccountId; readonly inbox: MailboxId }> {
  const inbox = await store.commit(createAccountMail, { account: account as AccountId, nowMs: TEST_TIME_MS });
  return { account: account as AccountId, inbox };
}

/** The id of a mailbox by its name. */
export async function mailboxId(store: Store, account: AccountId, name: string): Promise<MailboxId> {
  const found = await store.query(findMailbox(account, name));
  if (!found) throw new Error(`the test has no mailbox ${name}`);
  return found.mailbox;
}

/** A message that is just good enough for the store: real sizes, made-up structures. */
export function preparedLike(
  text: string,
  options: { readonly threadHashes?: readonly number[] } = {},
): { readonly message: PreparedMessage; readonly bytes: Uint8Array } {
  const bytes = latin1(text);
  const end = text.indexOf('\r\n\r\n');
  const message: PreparedMessage = {
    sizeBytes: bytes.length,
    headerBytes: end < 0 ? bytes.length : end + 4,
    envelope: latin1(`(NIL ${JSON.stringify(/^Subject: (.*)$/m.exec(text)?.[1] ?? '')} NIL NIL NIL NIL NIL NIL NIL NIL)`),
    bodyStructure: latin1('("text" "plain" NIL NIL NIL "7bit" 1 1 NIL NIL NIL NIL)'),
    structure: latin1('-'),
    fields: latin1(text.slice(0, Math.max(0, end + 2))),
    preview: text.slice(end + 4, end + 100),
    subjectKey: '',
    sentAtMs: undefined,
    hasAttachment: false,
    threadHashes: options.threadHashes ?? [],
  };
  return { message, bytes };
}

export function sampleText(n: number): string {
  return `From: a@example.org\r\nSubject: message ${n}\r\nMessage-ID: <${n}@example.org>\r\n\r\nText of ${n}.\r\n`;
}

/** Appends messages to a mailbox. */
export async function appendTexts(
  store: Store,
  account: AccountId,
  mailbox: MailboxId,
  texts: readonly string[],
  flags: number = 0,
): Promise<readonly AddedMessage[]> {
  const made = texts.map((text) => preparedLike(text));
  return store.commit(
    append,
    { account, mailbox, nowMs: TEST_TIME_MS, messages: made.map(({ message }) => ({ message, flags, keywords: [], receivedAtMs: TEST_TIME_MS })) },
    made.map(({ bytes }) => ({ bytes })),
  );
}

/** An account whose INBOX holds `count` sample messages. */
export async function mailboxWith(store: Store, count: number, account: number = 1): Promise<{ readonly account: AccountId; readonly mailbox: MailboxId }> {
  const made = await makeAccount(store, account);
  for (let first = 0; first < count; first += 500)
    await appendTexts(
      store,
      made.account,
      made.inbox,
      Array.from({ length: Math.min(500, count - first) }, (_, i) => sampleText(first + i + 1)),
    );
  return { account: made.account, mailbox: made.inbox };
}
