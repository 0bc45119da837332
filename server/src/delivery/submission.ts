/** What a message adds to the counts of the account that submits it. */
import { type Submission } from '#queue/limits/count-submitted.ts';
import { recipientHash } from '#queue/limits/known-recipients.ts';
import type { Transaction } from './transaction.ts';

/** Undefined for mail that is not submitted. */
export function submissionOf({ peer, targets, services: { allowances } }: Transaction): Submission | undefined {
  if (peer.identity === undefined) return undefined;
  return {
    account: peer.identity.account,
    recipients: targets.local.length + targets.remote.length,
    hashes: targets.remote.map(({ recipient }) => recipientHash(`${recipient.localPart}@${recipient.domain}`)),
    limits: allowances.limits,
  };
}
