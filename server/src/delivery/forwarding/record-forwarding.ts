/** What forwarding adds to the one mutation that takes a message in: the trail of each step, what users are to be told of, targets that agree. */
import type { AccountId } from '#core/ids.ts';
import { type ForwardBounce, noteForwardBounce } from '#directory/forward-bounces.ts';
import { forwardMark, type KeptMail, noteForwardOutcome, noteKept } from '#directory/forward-outcomes.ts';
import { confirm, findForwardByCode } from '#directory/forwards.ts';
import type { Tx } from '#store/mutation.ts';
import type { Program } from '#store/sql.ts';
import { record, type TrailRecipient } from '#trail/record.ts';
import type { LocalCopy, Origin } from '../accept.ts';
import type { Transaction } from '../transaction.ts';
import type { ForwardingPlan, ForwardStep } from './plan.ts';

/** Plain data, for the writer. */
export interface ForwardingArgs {
  /** Recipients whose copy does not stay here. */
  readonly passedOn: readonly LocalCopy[];
  readonly steps: readonly RecordedStep[];
  readonly kept: readonly KeptMail[];
  /** Codes of targets that agree. */
  readonly codes: readonly string[];
  /** What comes back of what was sent on before. */
  readonly bounced: readonly ForwardBounce[];
}

interface RecordedStep extends Pick<ForwardStep, 'address' | 'queueId' | 'reversePath' | 'kept'> {
  readonly account: AccountId;
  readonly target: string;
  /** `forwardMark` */
  readonly mark: string;
}

/** What a target here that has gone answers. */
const GONE = { isDelivered: false, status: '5.1.1', host: undefined, reply: '550 5.1.1 No such user here' };

/** Undefined where forwarding has no part in it. */
export function forwardingArgs({ forwarding, targets, bounced }: Pick<Transaction, 'forwarding' | 'targets' | 'bounced'>): ForwardingArgs | undefined {
  const codes = targets.confirmations.map(({ code }) => code);
  if (forwarding === undefined && codes.length === 0 && bounced.length === 0) return undefined;
  return { ...argsOf(forwarding, targets.local), codes, bounced };
}

/** The same for mail of the server's own. */
export function argsOf(plan: ForwardingPlan | undefined, local: readonly LocalCopy[]): ForwardingArgs {
  return {
    passedOn: local.filter(({ account }) => plan?.handled.has(account)).map(({ account, address }) => ({ account, address })),
    steps: (plan?.steps ?? []).map(({ forward, ...step }) => ({ ...step, account: forward.account, target: forward.target, mark: forwardMark(forward) })),
    kept: plan?.kept ?? [],
    codes: [],
    bounced: [],
  };
}

/** Recipients for the trail's `received` that have no copy here. */
export function passedOnRecipients(args: ForwardingArgs | undefined): readonly TrailRecipient[] {
  return (args?.passedOn ?? []).map(({ address, account }) => ({ address, account }));
}

/** Part of the mutation. */
export function* recordForwarding(tx: Tx, args: ForwardingArgs, origin: Origin, nowMs: number): Program<void> {
  const { id: queueId, messageId, sender } = origin;
  for (const { address, account, target, mark, queueId: as, reversePath, kept } of args.steps) {
    if (kept === 'unknown') yield* noteForwardOutcome(tx, mark, GONE, nowMs);
    const event = { atMs: nowMs, queueId, messageId, sender, recipients: [{ address, account }] };
    if (kept !== undefined) yield* record(tx, { ...event, event: 'kept', details: { to: target, reason: kept } });
    else yield* record(tx, { ...event, event: 'forwarded', details: as === undefined ? { to: target } : { to: target, id: as, sender: reversePath } });
  }
  for (const bounce of args.bounced) yield* noteForwardBounce(tx, bounce, nowMs);
  for (const mail of args.kept) yield* noteKept(tx, mail, nowMs);
  for (const code of args.codes) {
    const forward = yield* findForwardByCode(code, nowMs);
    if (forward === undefined) continue;
    yield* confirm(tx, forward, nowMs);
    const recipients = [{ address: forward.target }];
    yield* record(tx, {
      event: 'confirmed',
      atMs: nowMs,
      queueId,
      messageId,
      sender,
      recipients,
      details: { account: forward.account, source: forward.source },
    });
  }
}
