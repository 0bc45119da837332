/**
 * Opening and leaving a mailbox: what SELECT and EXAMINE share.
 *
 * RFC 9051 §6.3.2, §6.3.3 · RFC 3501 §6.3.1 (RECENT, UNSEEN) · RFC 7162 §3.2.5 (QRESYNC) · RFC 8474 §4.2 (MAILBOXID)
 */
import { objectId } from '#core/ids.ts';
import { bit, SEEN } from '#store/flags.ts';
import type { MailboxInfo } from '#store/list-mailboxes.ts';
import { holdKeywords, releaseKeywords } from './keywords.ts';
import { mailboxNamed } from './mailboxes.ts';
import { claimOnOpen, rememberClaims } from './recent.ts';
import { type KnownState, resynchronize } from './resynchronize.ts';
import type { Selected } from './selected.ts';
import type { Session } from './session.ts';
import { tellKeywords } from './updates.ts';
import { View } from './view.ts';
import { SEPARATOR } from './wire/mailbox-name.ts';

export interface OpenOptions {
  readonly name: string;
  readonly readOnly: boolean;
  /** What the client remembers of the mailbox (QRESYNC). */
  readonly known: KnownState | undefined;
}

/** Opens a mailbox and tells the client all about it. Where it fails, no mailbox is selected any more. */
export async function openMailbox(session: Session, { name, readOnly, known }: OpenOptions): Promise<void> {
  if (session.selected !== undefined) {
    leaveMailbox(session);
    session.untagged('OK [CLOSED] The previous mailbox is closed');
  }
  const row = await mailboxNamed(session, name);
  const base = await session.store.openMailbox(row.mailbox);
  base.refresh();
  const keywords = holdKeywords(session.store, session.account);
  const selected: Selected = { mailbox: row.mailbox, name: row.name, readOnly, base, view: new View(base), keywords, toldKeywords: keywords.lists };
  try {
    await keywords.refresh(base.atModseq);
    if (!session.isRev2) await claimOnOpen(session, selected, row);
    tellState(session, selected, row);
    if (known !== undefined) await resynchronize(session, selected, known);
  } catch (error) {
    selected.view[Symbol.dispose]();
    base[Symbol.dispose]();
    releaseKeywords(session.store, session.account);
    throw error;
  }
  session.selected = selected;
  session.state = 'selected';
}

/** Leaves the selected mailbox, if there is one, without expunging. */
export function leaveMailbox(session: Session): void {
  const { selected } = session;
  if (selected === undefined) return;
  rememberClaims(session, selected);
  session.unselect();
}

function tellState(session: Session, selected: Selected, row: MailboxInfo): void {
  const { view, base } = selected;
  tellKeywords(session, selected);
  session.untagged(`${view.length} EXISTS`);
  if (session.isRev2) {
    session.untagged(`LIST (${row.specialUse}) "${SEPARATOR}" ${session.nameOnWire(row.name)}`);
  } else {
    session.untagged(`${view.recentCount} RECENT`);
    const unseen = firstUnseen(view, row);
    if (unseen > 0) session.untagged(`OK [UNSEEN ${unseen}] First unseen message`);
  }
  session.untagged(`OK [UIDVALIDITY ${base.uidValidity}] UIDs valid`);
  session.untagged(`OK [UIDNEXT ${base.uidNext}] Next UID`);
  session.untagged(`OK [HIGHESTMODSEQ ${base.highestModseq}] Highest modseq`);
  session.untagged(`OK [MAILBOXID (${objectId('mailbox', row.mailbox)})] Mailbox id`);
}

/** The sequence number of the first message without \Seen; 0 where there is none that the client is told of. The table may have moved on since the view began. */
function firstUnseen(view: View, row: MailboxInfo): number {
  const { base } = view;
  if (row.unseen === 0 && row.highestModseq === base.highestModseq) return 0;
  const { flags, length } = base;
  let index = 0;
  while (index < length && ((flags[index] ?? 0) & bit(SEEN)) !== 0) index++;
  return index < length ? view.seqOf(base.uids[index] ?? 0) : 0;
}
