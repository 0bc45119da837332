/**
 * Counting what is submitted, in the same mutation that takes the message: exact across threads and restarts, a few rows of the account whatever it sends.
 *
 * A message is refused here only when others have used the whole limit since its recipients were accepted; what is begun below the limit is taken to its end. So
 * however many connections send at once, a limit is exceeded by the recipients of one message at most.
 */
import { DomainError } from '#core/errors.ts';
import type { AccountId } from '#core/ids.ts';
import type { Tx } from '#store/mutation.ts';
import { one, type Program, run, sql } from '#store/sql.ts';
import { readAccountSending } from './account-limits.ts';
import { limitText, readAllowance } from './allowance.ts';
import { rememberRecipients } from './known-recipients.ts';
import { HOURS_KEPT, hourOf, type SendingLimits } from './settings.ts';
import { slotPath } from './slots.ts';
import { noteSuspect } from './suspects.ts';

/** What a message adds to the counts of who submits it. */
export interface Submission {
  readonly account: AccountId;
  /** Recipients, here and elsewhere. */
  readonly recipients: number;
  /** Of the recipients elsewhere: `recipientHash`. */
  readonly hashes: readonly number[];
  readonly limits: SendingLimits;
}

/** Counts a message. Throws `sending-limited`; then nothing is counted. */
export function* countSubmitted(tx: Tx, submission: Submission, nowMs: number): Program<void> {
  const { account, recipients, hashes, limits } = submission;
  const own = yield* readAccountSending(account);
  const allowance = yield* readAllowance(account, own, limits, nowMs);
  if (allowance.remaining === 0) throw new DomainError('sending-limited', limitText(allowance));
  const newRecipients = yield* rememberRecipients(account, hashes);
  const hour = hourOf(nowMs);
  const slot = slotPath(nowMs);
  const counted = yield* one<{ readonly recipients: number; readonly newRecipients: number }>(sql`
    INSERT INTO sending_hour (account, hour, recipients, new_recipients, slots)
    VALUES (${account}, ${hour}, ${recipients}, ${newRecipients}, json_set('{}', ${slot}, ${recipients}))
    ON CONFLICT (account, hour) DO UPDATE SET recipients = recipients + excluded.recipients, new_recipients = new_recipients + excluded.new_recipients,
      slots = json_set(slots, ${slot}, coalesce(json_extract(slots, ${slot}), 0) + excluded.recipients)
    RETURNING recipients, new_recipients AS newRecipients`);
  const total = counted?.recipients ?? recipients;
  // The first message of an hour takes the old hours away.
  if (total === recipients) yield* run(sql`DELETE FROM sending_hour WHERE account = ${account} AND hour < ${hour - HOURS_KEPT}`);
  if (crosses(total, recipients) || crosses(counted?.newRecipients ?? 0, newRecipients)) yield* noteSuspect(tx, account);
}

/** Looking at every message would be costly for who sends much: each so many recipients are enough. */
const LOOK_EVERY = 25;

function crosses(total: number, added: number): boolean {
  return Math.floor(total / LOOK_EVERY) > Math.floor((total - added) / LOOK_EVERY);
}
