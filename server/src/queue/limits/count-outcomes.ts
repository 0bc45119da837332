/** Counting what other servers made of an account's mail, in the mutation that settles the attempts; and complaints about it. */
import type { AccountId } from '#core/ids.ts';
import { defineMutation, type Mutation, type Tx } from '#store/mutation.ts';
import { one, type Program, run, sql } from '#store/sql.ts';
import type { TrailEvent } from '#trail/record.ts';
import { hourOf } from './settings.ts';
import { noteSuspect } from './suspects.ts';

/** Refusals after which an account is looked at once more. */
const LOOK_EVERY = 5;

/** Counts deliveries and final refusals in the events of an attempt. Given up for time is no refusal: nobody has said no. */
export function* countOutcomes(tx: Tx, events: readonly TrailEvent[], nowMs: number): Program<void> {
  const counts = new Map<AccountId, { delivered: number; refused: number }>();
  for (const { event, by, recipients = [], details } of events) {
    if (by === undefined || (event !== 'delivered' && event !== 'bounced')) continue;
    const count = counts.get(by) ?? { delivered: 0, refused: 0 };
    if (event === 'delivered') count.delivered += recipients.length;
    else if (isRefusal(details)) count.refused += recipients.length;
    counts.set(by, count);
  }
  for (const [account, { delivered, refused }] of counts) {
    const row = yield* one<{ readonly refused: number }>(sql`
      INSERT INTO sending_hour (account, hour, delivered, refused) VALUES (${account}, ${hourOf(nowMs)}, ${delivered}, ${refused})
      ON CONFLICT (account, hour) DO UPDATE SET delivered = delivered + excluded.delivered, refused = refused + excluded.refused
      RETURNING refused`);
    const total = row?.refused ?? refused;
    if (Math.floor(total / LOOK_EVERY) > Math.floor((total - refused) / LOOK_EVERY)) yield* noteSuspect(tx, account);
  }
}

/** RFC 3463 §2: class 5 is permanent. */
function isRefusal(details: TrailEvent['details']): boolean {
  const status = typeof details === 'object' ? details['status'] : undefined;
  return typeof status === 'string' && status.startsWith('5');
}

export interface Complaint {
  readonly account: AccountId;
  readonly nowMs: number;
}

/** Counts a report that mail of the account is spam. */
export function* countComplaint(tx: Tx, { account, nowMs }: Complaint): Program<void> {
  yield* run(sql`
    INSERT INTO sending_hour (account, hour, complaints) VALUES (${account}, ${hourOf(nowMs)}, 1)
    ON CONFLICT (account, hour) DO UPDATE SET complaints = complaints + 1`);
  yield* noteSuspect(tx, account);
}

/** `countComplaint` on its own. */
export const complain: Mutation<Complaint, void> = defineMutation('limits.complain', countComplaint);
