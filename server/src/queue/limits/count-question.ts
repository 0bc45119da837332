/** A mail that the server writes to somebody because an account asks for it: to a target that is to agree to a forward. */
import { DomainError } from '#core/errors.ts';
import type { AccountId } from '#core/ids.ts';
import { defineMutation, type Mutation } from '#store/mutation.ts';
import { readAccountHold } from '../hold.ts';
import { countSubmitted } from './count-submitted.ts';
import type { SendingLimits } from './settings.ts';

export interface Question {
  readonly account: AccountId;
  /** Of the address that is written to: `recipientHash`. */
  readonly hash: number;
  readonly limits: SendingLimits;
  readonly nowMs: number;
}

/** Counts it as if the account had sent it itself. Throws `sending-limited`: its limit is reached, or it is on hold; then it must not be written. */
export const countQuestion: Mutation<Question, void> = defineMutation('limits.countQuestion', function* (tx, { account, hash, limits, nowMs }: Question) {
  const hold = yield* readAccountHold(account);
  if (hold !== undefined) throw new DomainError('sending-limited', `the account is on hold: ${hold.reason}`);
  yield* countSubmitted(tx, { account, recipients: 1, hashes: [hash], limits }, nowMs);
});
