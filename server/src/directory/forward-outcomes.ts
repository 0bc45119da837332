/** What becomes of forwarded mail, counted for its forward: refusals in a row pause it, and what was kept because the target would refuse it is told to the user. */
import type { AccountId } from '#core/ids.ts';
import { defineMutation, type Mutation, type Tx } from '#store/mutation.ts';
import { all, one, type Program, run, sql } from '#store/sql.ts';
import { findForward, type Forward, type ForwardKey } from './forwards.ts';

/** An address that does not exist is soon clear; a message can be refused for what is in it while the next one gets through. */
const ADDRESS_FAILURES = 3;
const OTHER_FAILURES = 10;
/** Notices of kept mail a day for one forward: who forges many names does not fill the mailbox with them. */
const NOTICES_A_DAY = 10;
const DAY_MS = 24 * 3600 * 1000;
const SLICE = 200;
export const REPLY_LENGTH = 1000;

/** Whether a status (RFC 3463) says that the address does not exist or takes no mail. */
export function isAddressStatus(status: string): boolean {
  return /^5\.[12]\./.test(status);
}

/** Failures that pause a forward. */
export function limitOf(isAddress: boolean): number {
  return isAddress ? ADDRESS_FAILURES : OTHER_FAILURES;
}

/** The key as the queue keeps it; no address that can be forwarded has a space. */
export function forwardMark({ account, source, targetKey }: ForwardKey): string {
  return `${account} ${source} ${targetKey}`;
}

/** Whose forward a mark names; undefined for what is no mark. */
export function forwarderOf(mark: string): AccountId | undefined {
  return parseMark(mark)?.account;
}

export interface ForwardOutcome {
  readonly isDelivered: boolean;
  /** RFC 3463. */
  readonly status: string;
  readonly host: string | undefined;
  readonly reply: string;
}

/** Part of the queue's mutation that ends a delivery: counts it for the forward that `mark` names. */
export function* noteForwardOutcome(tx: Tx, mark: string, outcome: ForwardOutcome, nowMs: number): Program<void> {
  const key = parseMark(mark);
  const forward = key && (yield* findForward(key));
  if (forward === undefined || forward.state !== 'active') return;
  const { account, source, targetKey } = forward;
  if (outcome.isDelivered) {
    // It may still come back (forward-bounces.ts); this matters only where some have.
    yield* run(sql`UPDATE forward SET taken = taken + 1 WHERE account = ${account} AND source = ${source} AND target_key = ${targetKey} AND bounces <> '[]'`);
    if (forward.failures > 0) yield* run(sql`UPDATE forward SET failures = 0 WHERE account = ${account} AND source = ${source} AND target_key = ${targetKey}`);
    return;
  }
  const failures = forward.failures + 1;
  const isPaused = failures >= limitOf(isAddressStatus(outcome.status));
  yield* run(sql`
    UPDATE forward SET failures = ${failures}, last_host = ${outcome.host ?? null}, last_reply = ${outcome.reply.slice(0, REPLY_LENGTH)},
      state = ${isPaused ? 'paused' : 'active'}, paused_at = ${isPaused ? nowMs : null}
    WHERE account = ${account} AND source = ${source} AND target_key = ${targetKey}`);
  if (isPaused) tx.notify('directory');
}

export interface KeptMail {
  readonly key: ForwardKey;
  /** Of the author; lower-case A-labels. */
  readonly authorDomain: string;
  readonly author: string;
  readonly subject: string;
  /** The id of the SMTP reply. */
  readonly queueId: string;
}

/** Part of the mutation that takes a message in: it was kept, because the target would have refused it. */
export function* noteKept(tx: Tx, kept: KeptMail, nowMs: number): Program<void> {
  const { account, source, targetKey } = kept.key;
  const known = yield* one<{ readonly at: number }>(sql`
    SELECT at FROM forward_kept WHERE account = ${account} AND source = ${source} AND target_key = ${targetKey} AND author_domain = ${kept.authorDomain}`);
  if (known !== undefined && known.at > nowMs - DAY_MS) return;
  const today = yield* one<{ readonly n: number }>(sql`
    SELECT count(*) AS n FROM forward_kept WHERE account = ${account} AND source = ${source} AND target_key = ${targetKey} AND at > ${nowMs - DAY_MS}`);
  if ((today?.n ?? 0) >= NOTICES_A_DAY) return;
  yield* run(sql`
    INSERT INTO forward_kept (account, source, target_key, author_domain, at, queue_id, author, subject)
    VALUES (${account}, ${source}, ${targetKey}, ${kept.authorDomain}, ${nowMs}, ${kept.queueId}, ${kept.author.slice(0, 320)}, ${kept.subject.slice(0, 200)})
    ON CONFLICT (account, source, target_key, author_domain) DO UPDATE SET at = excluded.at, queue_id = excluded.queue_id, author = excluded.author,
      subject = excluded.subject, told = 0`);
  tx.notify('directory');
}

/** Something the user is to be told. */
export type Untold = { readonly kind: 'paused'; readonly forward: Forward } | { readonly kind: 'kept'; readonly forward: Forward; readonly mail: KeptMail };

/** What nobody has told the users yet, at most a few hundred. */
export function* untoldForwards(): Program<readonly Untold[]> {
  const untold: Untold[] = [];
  const paused = yield* all<KeyRow>(
    sql`SELECT account, source, target_key FROM forward WHERE state = 'paused' AND pause_told = 0 ORDER BY account LIMIT ${SLICE}`,
  );
  for (const row of paused) {
    const forward = yield* findForward(keyOf(row));
    if (forward) untold.push({ kind: 'paused', forward });
  }
  const kept = yield* all<KeptRow>(sql`
    SELECT account, source, target_key, author_domain, queue_id, author, subject FROM forward_kept WHERE told = 0 ORDER BY at LIMIT ${SLICE}`);
  for (const row of kept) {
    const key = keyOf(row);
    const forward = yield* findForward(key);
    const mail = { key, authorDomain: row.author_domain, author: row.author, subject: row.subject, queueId: row.queue_id };
    if (forward) untold.push({ kind: 'kept', forward, mail });
  }
  return untold;
}

interface KeyRow {
  readonly account: AccountId;
  readonly source: string;
  readonly target_key: string;
}

interface KeptRow extends KeyRow {
  readonly author_domain: string;
  readonly queue_id: string;
  readonly author: string;
  readonly subject: string;
}

export interface MarkTold {
  readonly key: ForwardKey;
  /** Of kept mail; undefined: of the pause. */
  readonly authorDomain: string | undefined;
}

/** The user has been told. */
export const markForwardTold: Mutation<MarkTold, void> = defineMutation('directory.markForwardTold', function* (_tx, { key, authorDomain }: MarkTold) {
  const { account, source, targetKey } = key;
  if (authorDomain === undefined)
    yield* run(sql`UPDATE forward SET pause_told = 1 WHERE account = ${account} AND source = ${source} AND target_key = ${targetKey}`);
  else
    yield* run(sql`
      UPDATE forward_kept SET told = 1 WHERE account = ${account} AND source = ${source} AND target_key = ${targetKey} AND author_domain = ${authorDomain}`);
});

/** Part of the directory's housekeeping: forgets the notices of earlier days, a slice at a time; returns how many. */
export function* pruneKept(nowMs: number): Program<number> {
  return yield* run(sql`
    DELETE FROM forward_kept WHERE (account, source, target_key, author_domain) IN
      (SELECT account, source, target_key, author_domain FROM forward_kept WHERE at < ${nowMs - 2 * DAY_MS} ORDER BY at LIMIT ${SLICE})`);
}

function keyOf({ account, source, target_key: targetKey }: KeyRow): ForwardKey {
  return { account, source, targetKey };
}

/** Undefined for what is no mark: an outcome must be settled whatever is written there. */
function parseMark(mark: string): ForwardKey | undefined {
  const [account, source, targetKey, ...more] = mark.split(' ');
  if (!/^\d+$/.test(account ?? '') || source === undefined || targetKey === undefined || more.length > 0) return undefined;
  return { account: Number(account) as AccountId, source, targetKey };
}
