/**
 * Forwards: where mail for an account, or for one of its addresses, goes on to. A forward does nothing until its target has agreed; it rests (paused) when the
 * target has refused message after message.
 */
import { createHmac } from 'node:crypto';
import { DomainError } from '#core/errors.ts';
import type { AccountId } from '#core/ids.ts';
import { defineMutation, type Mutation, type Tx } from '#store/mutation.ts';
import { all, one, type Program, run, sql } from '#store/sql.ts';
import { findOwner } from './addresses.ts';
import { formatAddress, normalizeAddress } from './names.ts';

/** Forwards that one account can have, those of its addresses among them. */
export const FORWARD_LIMIT = 20;

export interface ForwardKey {
  readonly account: AccountId;
  /** The address whose mail is forwarded, in normal form; empty for all mail of the account. */
  readonly source: string;
  /** The target in normal form. */
  readonly targetKey: string;
}

export interface Forward extends ForwardKey {
  /** As mail is sent to it: local part as given, domain in A-labels. */
  readonly target: string;
  /** Whether a copy stays in the mailbox. */
  readonly keepsCopy: boolean;
  readonly state: 'pending' | 'active' | 'paused';
  readonly createdAtMs: number;
  readonly confirmedAtMs: number | undefined;
  readonly pausedAtMs: number | undefined;
  /** Messages in a row that the target has refused for good; of a forward that is paused because of bounces, how many have come back. */
  readonly failures: number;
  /** Who refused last, and the words. */
  readonly lastHost: string | undefined;
  readonly lastReply: string | undefined;
}

/** The forms of a target. Throws `address-invalid`. */
export function targetOf(text: string): { readonly target: string; readonly targetKey: string } {
  const { domain, localPart } = normalizeAddress(text);
  return { target: `${text.slice(0, text.lastIndexOf('@')).normalize('NFC')}@${domain}`, targetKey: formatAddress({ localPart, domain }) };
}

export interface AddForward {
  readonly account: AccountId;
  /** One of the account's addresses; empty for all its mail. */
  readonly source: string;
  readonly target: string;
  readonly keepsCopy: boolean;
  /** What the target must show to confirm it; undefined: it counts as confirmed. */
  readonly code: { readonly text: string; readonly untilMs: number } | undefined;
  readonly nowMs: number;
}

/**
 * Adds a forward, or changes one that is there: an active one stays so, any other gets the new code. Throws `address-invalid`, `address-not-found` (the source is
 * not the account's), `bad-request` (to itself), `object-limit`. Returns it as it is now.
 */
export const addForward: Mutation<AddForward, Forward> = defineMutation('directory.addForward', function* (tx, args: AddForward) {
  const { account, nowMs, code } = args;
  const source = args.source === '' ? '' : formatAddress(normalizeAddress(args.source));
  const { target, targetKey } = targetOf(args.target);
  if (source !== '' && (yield* findOwner(normalizeAddress(source))) !== account)
    throw new DomainError('address-not-found', `${source} is not an address of this account`);
  const owner = yield* findOwner(normalizeAddress(targetKey));
  if (targetKey === source || (source === '' && owner === account)) throw new DomainError('bad-request', `${target} would be forwarded to itself`);
  const key = { account, source, targetKey };
  const old = yield* findForward(key);
  const count = yield* one<{ readonly n: number }>(sql`SELECT count(*) AS n FROM forward WHERE account = ${account}`);
  if (old === undefined && (count?.n ?? 0) >= FORWARD_LIMIT) throw new DomainError('object-limit', `an account can have at most ${FORWARD_LIMIT} forwards`);
  const keep = args.keepsCopy ? 1 : 0;
  const state = old?.state === 'active' || code === undefined ? 'active' : 'pending';
  const codeHash = state === 'active' || code === undefined ? null : yield* hashCode(code.text);
  const confirmedAt = old?.state === 'active' ? (old.confirmedAtMs ?? nowMs) : state === 'active' ? nowMs : null;
  yield* run(sql`
    INSERT INTO forward (account, source, target_key, target, keep, state, code_hash, code_until, created_at, confirmed_at)
    VALUES (${account}, ${source}, ${targetKey}, ${target}, ${keep}, ${state}, ${codeHash}, ${code?.untilMs ?? null}, ${nowMs}, ${confirmedAt})
    ON CONFLICT (account, source, target_key) DO UPDATE SET target = excluded.target, keep = excluded.keep, state = excluded.state, code_hash = excluded.code_hash,
      code_until = excluded.code_until, confirmed_at = excluded.confirmed_at, failures = 0, bounces = '[]', taken = 0, paused_at = NULL, pause_told = 0`);
  tx.notify('directory');
  return yield* requireForward(key);
});

/** Throws `address-not-found`. */
export const removeForward: Mutation<ForwardKey, void> = defineMutation('directory.removeForward', function* (tx, key: ForwardKey) {
  yield* requireForward(key);
  yield* run(sql`DELETE FROM forward WHERE account = ${key.account} AND source = ${key.source} AND target_key = ${key.targetKey}`);
  yield* run(sql`DELETE FROM forward_kept WHERE account = ${key.account} AND source = ${key.source} AND target_key = ${key.targetKey}`);
  tx.notify('directory');
});

export interface ConfirmForward {
  readonly code: string;
  /** The one it must be of; undefined: any. */
  readonly key?: ForwardKey;
  readonly nowMs: number;
}

/** The target agrees; the code is used up. Throws `address-not-found` where the code is wrong or too old. */
export const confirmForward: Mutation<ConfirmForward, Forward> = defineMutation('directory.confirmForward', function* (tx, args: ConfirmForward) {
  const { key } = args;
  const found = yield* findForwardByCode(args.code, args.nowMs);
  const isMeant = key === undefined || (found?.account === key.account && found.source === key.source && found.targetKey === key.targetKey);
  if (found === undefined || !isMeant) throw new DomainError('address-not-found', 'the code is wrong, used up or too old; `capri forward add` sends a new one');
  return yield* confirm(tx, found, args.nowMs);
});

/** Lets a paused forward run again. Throws `address-not-found`, `bad-request` where it was never confirmed. */
export const resumeForward: Mutation<ForwardKey, Forward> = defineMutation('directory.resumeForward', function* (tx, key: ForwardKey) {
  const found = yield* requireForward(key);
  if (found.state === 'pending') throw new DomainError('bad-request', `${found.target} has not been confirmed yet`);
  yield* run(sql`
    UPDATE forward SET state = 'active', failures = 0, bounces = '[]', taken = 0, paused_at = NULL, pause_told = 0
    WHERE account = ${key.account} AND source = ${key.source} AND target_key = ${key.targetKey}`);
  tx.notify('directory');
  return yield* requireForward(key);
});

/** Part of a mutation: the target agrees. */
export function* confirm(tx: Tx, key: ForwardKey, nowMs: number): Program<Forward> {
  yield* run(sql`
    UPDATE forward SET state = 'active', code_hash = NULL, code_until = NULL, confirmed_at = ${nowMs}
    WHERE account = ${key.account} AND source = ${key.source} AND target_key = ${key.targetKey}`);
  tx.notify('directory');
  return yield* requireForward(key);
}

interface ForwardRow {
  readonly account: AccountId;
  readonly source: string;
  readonly target_key: string;
  readonly target: string;
  readonly keep: number;
  readonly state: Forward['state'];
  readonly created_at: number;
  readonly confirmed_at: number | null;
  readonly paused_at: number | null;
  readonly failures: number;
  readonly last_host: string | null;
  readonly last_reply: string | null;
}

export function* findForward({ account, source, targetKey }: ForwardKey): Program<Forward | undefined> {
  const row = yield* one<ForwardRow>(sql`
    SELECT account, source, target_key, target, keep, state, created_at, confirmed_at, paused_at, failures, last_host, last_reply FROM forward
    WHERE account = ${account} AND source = ${source} AND target_key = ${targetKey}`);
  return row && toForward(row);
}

/** The forward that waits for this code, unless its time is over. */
export function* findForwardByCode(code: string, nowMs: number): Program<Forward | undefined> {
  const row = yield* one<ForwardRow>(sql`
    SELECT account, source, target_key, target, keep, state, created_at, confirmed_at, paused_at, failures, last_host, last_reply FROM forward
    WHERE code_hash = ${yield* hashCode(code)} AND code_until > ${nowMs} AND state = 'pending'`);
  return row && toForward(row);
}

/** All forwards of an account and of its addresses. */
export function* forwardsOf(account: AccountId): Program<readonly Forward[]> {
  const found = yield* all<ForwardRow>(sql`
    SELECT account, source, target_key, target, keep, state, created_at, confirmed_at, paused_at, failures, last_host, last_reply FROM forward
    WHERE account = ${account} ORDER BY source, target_key LIMIT ${FORWARD_LIMIT}`);
  return found.map(toForward);
}

/** Up to `limit` forwards (1,000) of all accounts in the order of their keys, after the given one. */
export function* listForwards(page: { readonly after?: ForwardKey; readonly limit?: number } = {}): Program<readonly Forward[]> {
  const after = page.after ?? { account: 0, source: '', targetKey: '' };
  const found = yield* all<ForwardRow>(sql`
    SELECT account, source, target_key, target, keep, state, created_at, confirmed_at, paused_at, failures, last_host, last_reply FROM forward
    WHERE (account, source, target_key) > (${after.account}, ${after.source}, ${after.targetKey}) ORDER BY account, source, target_key
    LIMIT ${page.limit ?? 1000}`);
  return found.map(toForward);
}

function* requireForward(key: ForwardKey): Program<Forward> {
  const found = yield* findForward(key);
  if (found === undefined) throw new DomainError('address-not-found', `there is no forward to ${key.targetKey}; \`capri forward list\` shows them all`);
  return found;
}

/** Codes are kept hashed, with a key: who reads the database cannot confirm anything. */
function* hashCode(code: string): Program<Uint8Array> {
  const row = yield* one<{ readonly secret: Uint8Array }>(sql`SELECT secret FROM directory_state WHERE id = 1`);
  if (row === undefined) throw new DomainError('store-failed', 'the directory has no secret');
  return createHmac('sha256', row.secret).update(`forward confirmation\0${code.toLowerCase()}`).digest();
}

function toForward(row: ForwardRow): Forward {
  return {
    account: row.account,
    source: row.source,
    targetKey: row.target_key,
    target: row.target,
    keepsCopy: row.keep === 1,
    state: row.state,
    createdAtMs: row.created_at,
    confirmedAtMs: row.confirmed_at ?? undefined,
    pausedAtMs: row.paused_at ?? undefined,
    failures: row.failures,
    lastHost: row.last_host ?? undefined,
    lastReply: row.last_reply ?? undefined,
  };
}
