/**
 * Walks over uids of a view and shows each message as the table has it, or as it was when it left the mailbox. One object for all messages: nothing is
 * allocated for each.
 */
import type { Selected } from '../selected.ts';
import type { TableMessage } from './table-lines.ts';

export class Walker implements TableMessage {
  sequence = 0;
  uid = 0;
  email = 0;
  flags = 0;
  modseq = 0;
  size = 0;
  isRecent = false;
  /** Place in the base's arrays; -1 for a message that has left the mailbox. */
  index = -1;
  readonly #selected: Selected;

  constructor(selected: Selected) {
    this.#selected = selected;
  }

  /** Goes to a uid; O(1) for the one behind the last. False if the client knows no such message. */
  goTo(uid: number): boolean {
    const { view, base } = this.#selected;
    const sequence = view.seqOf(uid, this.sequence + 1);
    if (sequence === 0) return false;
    const index = view.indexOf(uid, this.index + 1);
    this.sequence = sequence;
    this.uid = uid;
    this.isRecent = view.hasRecent && view.isRecent(uid);
    if (index >= 0) {
      this.index = index;
      this.email = base.emails[index] ?? 0;
      this.flags = base.flags[index] ?? 0;
      this.modseq = base.modseqs[index] ?? 0;
      this.size = base.sizes[index] ?? 0;
      return true;
    }
    const gone = view.goneMessage(uid);
    if (gone === undefined) return false;
    // The next one stands where this one stood.
    this.index = base.lowerBound(uid) - 1;
    this.email = gone.email;
    this.flags = gone.flags;
    this.modseq = gone.modseq;
    this.size = gone.size;
    return true;
  }
}
