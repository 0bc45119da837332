/**
 * What STATUS (and LIST with RETURN STATUS) says of a mailbox. All numbers are kept by the store, none is counted here.
 *
 * RFC 9051 §6.3.11, §7.3.4 · RFC 3501 §6.3.10 (RECENT) · RFC 7162 §3.1.7 · RFC 7889 §3 (APPENDLIMIT) · RFC 8438 (SIZE) · RFC 8474 §4.3 (MAILBOXID)
 */
import { objectId } from '#core/ids.ts';
import type { MailboxInfo } from '#store/list-mailboxes.ts';
import { ImapError } from './command.ts';
import { recentCount } from './recent.ts';
import type { Session } from './session.ts';
import type { Cursor } from './wire/cursor.ts';

const ITEMS = ['MESSAGES', 'UIDNEXT', 'UIDVALIDITY', 'UNSEEN', 'RECENT', 'DELETED', 'SIZE', 'HIGHESTMODSEQ', 'MAILBOXID', 'APPENDLIMIT'] as const;

export type StatusItem = (typeof ITEMS)[number];

/** `(MESSAGES UNSEEN)`. */
export function parseStatusItems(cursor: Cursor): StatusItem[] {
  const items = cursor.list(() => {
    const word = cursor.word();
    const item = ITEMS.find((name) => name === word);
    if (item === undefined) throw new ImapError('BAD', 'Unknown status item');
    return item;
  });
  return [...new Set(items)];
}

/** The reply without `* `. Asking for HIGHESTMODSEQ enables CONDSTORE. */
export async function statusLine(session: Session, row: MailboxInfo, items: readonly StatusItem[]): Promise<string> {
  const values: string[] = [];
  for (const item of items) values.push(`${item} ${await statusValue(session, row, item)}`);
  return `STATUS ${session.nameOnWire(row.name)} (${values.join(' ')})`;
}

async function statusValue(session: Session, row: MailboxInfo, item: StatusItem): Promise<string | number> {
  switch (item) {
    case 'MESSAGES':
      return row.messages;
    case 'UIDNEXT':
      return row.uidNext;
    case 'UIDVALIDITY':
      return row.uidValidity;
    case 'UNSEEN':
      return row.unseen;
    case 'RECENT':
      return recentCount(session, row);
    case 'DELETED':
      return row.deleted;
    case 'SIZE':
      return row.bytes;
    case 'HIGHESTMODSEQ':
      session.enableCondstore();
      return row.highestModseq;
    case 'MAILBOXID':
      return `(${objectId('mailbox', row.mailbox)})`;
    case 'APPENDLIMIT':
      return session.services.settings.appendLimitBytes;
  }
}
