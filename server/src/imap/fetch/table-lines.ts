/**
 * The parts of a FETCH reply that come straight from the mailbox table: UID, FLAGS, MODSEQ, RFC822.SIZE, EMAILID. A FETCH of nothing else is a loop over typed
 * arrays; every other FETCH begins its lines here.
 *
 * RFC 9051 §7.5.2 · RFC 7162 §3.1.4.2 (MODSEQ) · RFC 8474 §5.1 (EMAILID)
 */
import { type EmailId, objectId } from '#core/ids.ts';
import type { FlagLists } from './flag-lists.ts';
import { copyBytes, type Output, writeNumber } from './output.ts';

export interface TableItems {
  readonly uid: boolean;
  readonly flags: boolean;
  readonly modseq: boolean;
  readonly size: boolean;
  readonly emailId: boolean;
}

/** What the table knows of one message. */
export interface TableMessage {
  readonly sequence: number;
  readonly uid: number;
  readonly email: number;
  readonly flags: number;
  readonly modseq: number;
  readonly size: number;
  readonly isRecent: boolean;
}

const STAR = Buffer.from('* ');
const FETCH = Buffer.from(' FETCH (');
const UID = Buffer.from('UID ');
const FLAGS = Buffer.from('FLAGS ');
const MODSEQ = Buffer.from('MODSEQ (');
const SIZE = Buffer.from('RFC822.SIZE ');
const EMAIL_ID = Buffer.from('EMAILID (');
const SPACE = 0x20;
const CLOSE = 0x29;
/** Octets that the fixed words and numbers of one line can take; the flag list comes on top. */
const LINE_BYTES = 192;

/** Appends `* 12 FETCH (` and the items asked, without what closes the line. Returns whether an item was written, so that the next one needs a space. */
export function beginLine(output: Output, items: TableItems, lists: FlagLists, message: TableMessage): boolean {
  const list = items.flags ? lists.of(message.flags, message.isRecent) : undefined;
  output.room(LINE_BYTES + (list?.length ?? 0));
  const { chunk } = output;
  let at = copyBytes(STAR, chunk, output.at);
  at = writeNumber(chunk, at, message.sequence);
  at = copyBytes(FETCH, chunk, at);
  const first = at;
  if (items.uid) {
    at = copyBytes(UID, chunk, at);
    at = writeNumber(chunk, at, message.uid);
  }
  if (list !== undefined) {
    if (at !== first) chunk[at++] = SPACE;
    at = copyBytes(FLAGS, chunk, at);
    at = copyBytes(list, chunk, at);
  }
  if (items.modseq) {
    if (at !== first) chunk[at++] = SPACE;
    at = copyBytes(MODSEQ, chunk, at);
    at = writeNumber(chunk, at, message.modseq);
    chunk[at++] = CLOSE;
  }
  if (items.size) {
    if (at !== first) chunk[at++] = SPACE;
    at = copyBytes(SIZE, chunk, at);
    at = writeNumber(chunk, at, message.size);
  }
  if (items.emailId) {
    if (at !== first) chunk[at++] = SPACE;
    at = copyBytes(EMAIL_ID, chunk, at);
    const id = objectId('email', message.email as EmailId);
    for (let i = 0; i < id.length; i++) chunk[at++] = id.charCodeAt(i);
    chunk[at++] = CLOSE;
  }
  output.at = at;
  return at !== first;
}

/** Appends what closes a line. */
export function endLine(output: Output): void {
  output.room(3);
  const { chunk, at } = output;
  chunk[at] = CLOSE;
  chunk[at + 1] = 0x0d;
  chunk[at + 2] = 0x0a;
  output.at = at + 3;
}
