/**
 * What of a message's story an account may see: its own part. Who else got the message (a Bcc above all), what their servers said, and from where a sender here
 * wrote it, is not its business. Of what it sent itself it sees everything that happened on the way, but not what others do with it in their mailboxes.
 */
import type { AccountId } from '#core/ids.ts';
import type { TrailEntry } from './entry.ts';
import type { Story } from './story.ts';
import type { TrailDetails } from './record.ts';

/** The story as the account may see it; none where nothing of it is its own. */
export function ownView({ entries, queueId, messageId }: Story, account: AccountId): readonly Story[] {
  const own = entries.flatMap((entry) => ownEntry(entry, account));
  return own.length === 0 ? [] : [{ queueId, messageId, entries: own }];
}

/** Whether anything of the event is the account's. */
export function isOwn({ mail, by, recipients }: TrailEntry, account: AccountId): boolean {
  return mail === undefined ? by === account || recipients.some((recipient) => recipient.account === account) : mail.account === account;
}

function ownEntry(entry: TrailEntry, account: AccountId): readonly TrailEntry[] {
  if (entry.mail !== undefined) return entry.mail.account === account ? [entry] : [];
  if (entry.by === account) return [{ ...entry, recipients: entry.recipients.map((recipient) => withoutPlace(recipient, account)) }];
  const recipients = entry.recipients.filter((recipient) => recipient.account === account);
  if (recipients.length === 0) return [];
  return [{ ...entry, by: undefined, recipients, details: shown(entry) }];
}

/** Into which mailbox another one's mail goes tells what the filter there thinks of it. */
function withoutPlace({ address, account, email, mailbox }: TrailEntry['recipients'][number], reader: AccountId): TrailEntry['recipients'][number] {
  return account === reader ? { address, account, email, ...(mailbox !== undefined && { mailbox }) } : { address };
}

/** What stands in the message anyway (Received, Authentication-Results), and what the event is about. */
const SHOWN = ['protocol', 'size', 'checks', 'to', 'reason', 'reply'] as const;
/** Only of mail from outside: of a sender here it would tell from where somebody writes. */
const SHOWN_OF_STRANGERS = ['remote', 'helo', 'tls'] as const;

function shown({ details, by }: TrailEntry): TrailDetails {
  const names: readonly string[] = by === undefined ? [...SHOWN, ...SHOWN_OF_STRANGERS] : SHOWN;
  return Object.fromEntries(Object.entries(details).filter(([name]) => names.includes(name)));
}
