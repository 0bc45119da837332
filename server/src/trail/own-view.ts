/**
 * What of a message's story an account may see: its own part. Who else got the message (a Bcc above all), what their servers said, and from where a sender here
 * wrote it, is not its business. Of what it sent itself it sees everything that happened on the way, but not what others do with it in their mailboxes. What became of
 * a forward is shown to whose forward it is, and to nobody else: where somebody's mail goes on to is not the sender's business either.
 */
import type { AccountId } from '#core/ids.ts';
import { parentOf, type TrailEntry } from './entry.ts';
import type { Story } from './story.ts';
import type { TrailDetails } from './record.ts';

/** The story as the account may see it; none where nothing of it is its own. */
export function ownView({ entries, queueId, messageId }: Story, account: AccountId): readonly Story[] {
  const forwarders = forwardersIn(entries);
  const own = entries.flatMap((entry) => {
    if (!forwarders.has(entry.queueId)) return ownEntry(entry, account);
    return forwarders.get(entry.queueId) === account ? [{ ...entry, by: undefined }] : [];
  });
  return own.length === 0 ? [] : [{ queueId, messageId, entries: own }];
}

/** Whose forward has made each of the messages that forwards have made of this one, by their ids; undefined where the story does not say. */
function forwardersIn(entries: readonly TrailEntry[]): ReadonlyMap<string, AccountId | undefined> {
  const forwarders = new Map<string, AccountId | undefined>();
  for (const entry of entries) {
    const { event, queueId, recipients, details } = entry;
    if (parentOf(entry) !== undefined && !forwarders.has(queueId)) forwarders.set(queueId, undefined);
    if (event === 'forwarded' && typeof details['id'] === 'string') forwarders.set(details['id'], recipients[0]?.account);
  }
  return forwarders;
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
