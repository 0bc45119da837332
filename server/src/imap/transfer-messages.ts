/**
 * COPY and MOVE share everything but the mutation.
 *
 * RFC 9051 §6.4.7, §6.4.8 · RFC 4315 §3 (COPYUID) · RFC 6851
 */
import type { MailboxId } from '#core/ids.ts';
import { commitSlices, slicesOf } from '#store/slices.ts';
import { copyBy, moveBy } from '#trail/mail-changes.ts';
import { withTryCreate } from './errors.ts';
import { mailboxNamed } from './mailboxes.ts';
import type { Selected } from './selected.ts';
import type { Session } from './session.ts';
import type { Cursor } from './wire/cursor.ts';
import type { SequenceSet } from './wire/sequence-set.ts';

export interface TransferArgs {
  readonly set: SequenceSet;
  readonly name: string;
}

export function parseTransfer(cursor: Cursor): TransferArgs {
  cursor.space();
  const set = cursor.sequenceSet();
  cursor.space();
  const name = cursor.mailbox();
  cursor.end();
  return { set, name };
}

/** What was transferred, as COPYUID names it; `source` and `target` are empty when nothing was. */
export interface Transferred {
  readonly uidValidity: number;
  readonly source: readonly string[];
  readonly target: readonly string[];
  readonly modseq: number | undefined;
  /** Messages that the client named and that are no longer there. */
  readonly missing: number;
  /** What stopped it before its end; what is listed has happened. */
  readonly failure: { readonly error: unknown } | undefined;
}

/** The mailbox of that name. Throws NO [TRYCREATE] where it does not exist. */
export async function findTarget(session: Session, name: string): Promise<MailboxId> {
  try {
    return (await mailboxNamed(session, name)).mailbox;
  } catch (error) {
    throw withTryCreate(error);
  }
}

/** Transfers in slices; each slice is atomic. */
export async function transfer(
  session: Session,
  selected: Selected,
  how: { readonly kind: 'copy' | 'move'; readonly uids: Uint32Array; readonly to: MailboxId; readonly toName: string; readonly limitBytes?: number },
): Promise<Transferred> {
  const mutation = how.kind === 'copy' ? copyBy : moveBy;
  const { actor } = session;
  const source: string[] = [];
  const target: string[] = [];
  let uidValidity = 0;
  let modseq: number | undefined;
  let count = 0;
  let failure: Transferred['failure'];
  try {
    await commitSlices(
      slicesOf(how.uids, selected.base),
      (slice) =>
        session.store.commit(mutation, {
          account: session.account,
          from: selected.mailbox,
          to: how.to,
          uids: slice.set,
          nowMs: session.services.clock.nowMs(),
          actor,
          fromName: selected.name,
          toName: how.toName,
          ...(how.limitBytes !== undefined && { limitBytes: how.limitBytes }),
        }),
      (copied, slice) => {
        count += slice.uids.length;
        if (copied.source === '') return;
        uidValidity = copied.uidValidity;
        modseq = copied.modseq;
        addRanges(source, copied.source);
        addRanges(target, copied.target);
      },
    );
  } catch (error) {
    failure = { error: withTryCreate(error) };
  }
  return { uidValidity, source, target, modseq, missing: how.uids.length - count, failure };
}

/** The response code. */
export function copyUid({ uidValidity, source, target }: Transferred): string | undefined {
  return source.length === 0 ? undefined : `COPYUID ${uidValidity} ${source.join(',')} ${target.join(',')}`;
}

/** Appends ranges, joining where a slice goes on where the last one ended. */
function addRanges(ranges: string[], set: string): void {
  for (const range of set.split(',')) {
    const previous = ranges.at(-1);
    const [first, last = first] = range.split(':');
    const [previousFirst, previousLast = previousFirst] = previous?.split(':') ?? [];
    if (Number(previousLast) + 1 === Number(first)) ranges[ranges.length - 1] = `${previousFirst}:${last}`;
    else ranges.push(range);
  }
}
