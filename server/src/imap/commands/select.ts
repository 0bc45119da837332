/** SELECT and EXAMINE. RFC 9051 §6.3.2, §6.3.3 · RFC 7162 §3.1.8 (CONDSTORE), §3.2.5 (QRESYNC) · RFC 4466 §2.1 */
import { type Command, ImapError } from '../command.ts';
import { openMailbox } from '../open-mailbox.ts';
import type { KnownState } from '../resynchronize.ts';
import type { Cursor } from '../wire/cursor.ts';

interface SelectArgs {
  readonly name: string;
  readonly condstore: boolean;
  readonly known: KnownState | undefined;
}

export const select: Command<SelectArgs> = opening('SELECT', false);
export const examine: Command<SelectArgs> = opening('EXAMINE', true);

function opening(name: string, readOnly: boolean): Command<SelectArgs> {
  return {
    name,
    states: ['authenticated', 'selected'],
    parse: parseSelect,
    run: async (session, args) => {
      if (args.known !== undefined && !session.hasQresync) throw new ImapError('BAD', 'Enable QRESYNC first');
      await openMailbox(session, { name: args.name, readOnly, known: args.known });
      if (args.condstore || args.known !== undefined) session.enabled.add('CONDSTORE');
      return { code: readOnly ? 'READ-ONLY' : 'READ-WRITE' };
    },
  };
}

function parseSelect(cursor: Cursor): SelectArgs {
  cursor.space();
  const name = cursor.mailbox();
  let condstore = false;
  let known: KnownState | undefined;
  if (cursor.skip(' ') && !cursor.isAtEnd) {
    cursor.list(() => {
      const parameter = cursor.word();
      if (parameter === 'CONDSTORE') condstore = true;
      else if (parameter === 'QRESYNC') known = parseKnown(cursor);
      else throw new ImapError('BAD', 'Unknown parameter');
    });
  }
  cursor.end();
  return { name, condstore, known };
}

/** `(uidvalidity modseq [known-uids] [(seq-set uid-set)])` */
function parseKnown(cursor: Cursor): KnownState {
  cursor.space();
  cursor.expect('(');
  const uidValidity = cursor.nzNumber();
  cursor.space();
  const modseq = cursor.modseq();
  let uids: KnownState['uids'];
  let match: KnownState['match'];
  if (cursor.skip(' ')) {
    if (cursor.isAtSequenceSet) {
      uids = cursor.sequenceSet();
      if (cursor.skip(' ')) match = parseMatch(cursor);
    } else match = parseMatch(cursor);
  }
  cursor.expect(')');
  return { uidValidity, modseq, uids, match };
}

function parseMatch(cursor: Cursor): KnownState['match'] {
  cursor.expect('(');
  const seqs = cursor.sequenceSet();
  cursor.space();
  const uids = cursor.sequenceSet();
  cursor.expect(')');
  return { seqs, uids };
}
