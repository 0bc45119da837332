/**
 * Bounces of forwarded mail that come back after the target's server had accepted it. They count apart from refusals in the conversation: there the next message that is
 * accepted clears the count, here it proves nothing, for it may bounce as well. So a forward is paused when so many messages of the last week have bounced as would
 * pause it if they had been refused, and they are at least half of what was accepted since the first of them.
 *
 * Who bounces is not proved. What keeps strangers from pausing a forward is the rewritten sender, which only servers that had the message know, and that each message
 * counts once.
 */
import { hash } from 'node:crypto';
import type { AccountId } from '#core/ids.ts';
import type { Tx } from '#store/mutation.ts';
import { all, type Program, run, sql } from '#store/sql.ts';
import { forwardMark, isAddressStatus, limitOf, REPLY_LENGTH } from './forward-outcomes.ts';
import type { ForwardKey } from './forwards.ts';

/** What a bounce is about, as the rewritten sender says. */
export interface BouncedForward {
  readonly account: AccountId;
  /** `forwardHash` */
  readonly hash: number;
  /** Tells messages of a forward apart. */
  readonly message: number;
}

export interface ForwardBounce extends BouncedForward {
  /** RFC 3463. */
  readonly status: string;
  readonly host: string | undefined;
  readonly reply: string;
}

const WEEK_MS = 7 * 24 * 3600 * 1000;
/** Bounces that are remembered: more than pause a forward. */
const MOST = 20;

/** A message, when it bounced, whether because of the address (1 or 0), and the forward's `taken` then. */
type Counted = readonly [message: number, atMs: number, isAddress: 0 | 1, taken: number];

/** 20 bits that tell the forwards of an account apart. */
export function forwardHash(key: ForwardKey): number {
  return hash('sha256', forwardMark(key), 'buffer').readUIntBE(0, 3) >> 4;
}

interface BounceRow {
  readonly source: string;
  readonly target_key: string;
  readonly bounces: string;
  readonly taken: number;
}

/** Part of the mutation that takes the bounce in. */
export function* noteForwardBounce(tx: Tx, bounce: ForwardBounce, nowMs: number): Program<void> {
  const { account, status } = bounce;
  const found = yield* all<BounceRow>(sql`SELECT source, target_key, bounces, taken FROM forward WHERE account = ${account} AND state = 'active'`);
  const row = found.find(({ source, target_key: targetKey }) => forwardHash({ account, source, targetKey }) === bounce.hash);
  if (row === undefined) return;
  const known = (JSON.parse(row.bounces) as readonly Counted[]).filter(([, atMs]) => atMs > nowMs - WEEK_MS);
  if (known.some(([message]) => message === bounce.message)) return;
  const counted = [...known, [bounce.message, nowMs, isAddressStatus(status) ? 1 : 0, row.taken] as const].slice(-MOST);
  const addresses = counted.filter(([, , isAddress]) => isAddress === 1).length;
  const takenSince = row.taken - (counted[0]?.[3] ?? 0);
  const isPaused = (addresses >= limitOf(true) || counted.length >= limitOf(false)) && counted.length * 2 >= takenSince;
  yield* run(sql`
    UPDATE forward SET bounces = ${JSON.stringify(counted)}, last_host = ${bounce.host ?? null}, last_reply = ${bounce.reply.slice(0, REPLY_LENGTH)}
    WHERE account = ${account} AND source = ${row.source} AND target_key = ${row.target_key}`);
  if (!isPaused) return;
  yield* run(sql`
    UPDATE forward SET state = 'paused', failures = ${counted.length}, paused_at = ${nowMs}
    WHERE account = ${account} AND source = ${row.source} AND target_key = ${row.target_key}`);
  tx.notify('directory');
}
