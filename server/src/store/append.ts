/** APPEND: one or more messages into one mailbox, all or none. RFC 9051 §6.3.12 · RFC 3502 (MULTIAPPEND) · RFC 4315 (APPENDUID) */
import type { AccountId, MailboxId } from '#core/ids.ts';
import type { PreparedMessage } from '#message/prepared.ts';
import { checkQuota } from './account-state.ts';
import { type AddedMessage, addMessage } from './add-message.ts';
import { defineMutation, type Mutation } from './mutation.ts';

export interface AppendArgs {
  readonly account: AccountId;
  readonly mailbox: MailboxId;
  /** In the order of the mutation's bodies. */
  readonly messages: readonly AppendedMessage[];
  readonly nowMs: number;
  /** Quota; 0 or undefined: none. */
  readonly limitBytes?: number;
}

export interface AppendedMessage {
  readonly message: PreparedMessage;
  readonly flags: number;
  readonly keywords: readonly string[];
  readonly receivedAtMs: number;
}

const NO_PREFIX = new Uint8Array(0);

/** Throws `mailbox-not-found`, `mailbox-not-selectable`, `over-quota`, `keyword-limit`. */
export const append: Mutation<AppendArgs, readonly AddedMessage[]> = defineMutation('store.append', function* (tx, args: AppendArgs) {
  const { account, mailbox, nowMs } = args;
  yield* checkQuota(
    account,
    args.messages.reduce((sum, { message }) => sum + message.sizeBytes, 0),
    args.limitBytes,
  );
  const added: AddedMessage[] = [];
  for (const [body, { message, flags, keywords, receivedAtMs }] of args.messages.entries())
    added.push(yield* addMessage(tx, { account, mailbox, message, body, prefix: NO_PREFIX, flags, keywords, receivedAtMs, savedAtMs: nowMs }));
  return added;
});
