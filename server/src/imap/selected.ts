/** The mailbox that a session has open. */
import type { MailboxId } from '#core/ids.ts';
import type { MailboxBase } from '#store/mailbox-base.ts';
import type { Keywords } from './keywords.ts';
import type { View } from './view.ts';

export interface Selected {
  readonly mailbox: MailboxId;
  /** As it was named when it was opened. */
  readonly name: string;
  /** EXAMINE. */
  readonly readOnly: boolean;
  /** The table shared by all sessions of this thread: always newest. */
  readonly base: MailboxBase;
  /** This session's numbers over it, and the saved search result. */
  readonly view: View;
  readonly keywords: Keywords;
  /** The keyword lists that the client knows from the last FLAGS reply. */
  toldKeywords: Keywords['lists'];
}
