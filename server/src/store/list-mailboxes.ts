/** What is known of mailboxes without opening them: LIST, STATUS, JMAP Mailbox/get. */
import type { AccountId, MailboxId, Modseq } from '#core/ids.ts';
import { all, one, type Program, rows, sql } from './sql.ts';

export interface MailboxInfo {
  readonly mailbox: MailboxId;
  readonly name: string;
  /** `\Sent` ..., or empty. */
  readonly specialUse: string;
  readonly isSelectable: boolean;
  readonly uidValidity: number;
  readonly uidNext: number;
  readonly recentUid: number;
  readonly highestModseq: Modseq;
  readonly messages: number;
  readonly unseen: number;
  readonly deleted: number;
  /** Sum of sizes: STATUS=SIZE, RFC 8438. */
  readonly bytes: number;
}

interface MailboxRow {
  readonly mailbox: number;
  readonly name: string;
  readonly special_use: string;
  readonly selectable: number;
  readonly uidvalidity: number;
  readonly uidnext: number;
  readonly recent_uid: number;
  readonly highest_modseq: number;
  readonly messages: number;
  readonly unseen: number;
  readonly deleted: number;
  readonly bytes: number;
}

/** All mailboxes of an account, by name. Their number is bounded (create-mailbox.ts). */
export function* listMailboxes(account: AccountId): Program<readonly MailboxInfo[]> {
  const found = yield* all<MailboxRow>(
    sql`SELECT mailbox, name, special_use, selectable, uidvalidity, uidnext, recent_uid, highest_modseq, messages, unseen, deleted, bytes
        FROM mailbox WHERE account = ${account} ORDER BY name`,
  );
  return found.map(infoOf);
}

/** The mailbox of this name (as `mailboxName` gives it); undefined where there is none. */
export function* findMailbox(account: AccountId, name: string): Program<MailboxInfo | undefined> {
  const found = yield* one<MailboxRow>(
    sql`SELECT mailbox, name, special_use, selectable, uidvalidity, uidnext, recent_uid, highest_modseq, messages, unseen, deleted, bytes
        FROM mailbox WHERE account = ${account} AND name = ${name}`,
  );
  return found && infoOf(found);
}

/** The mailbox of a special use; undefined where there is none. */
export function* findSpecialUse(account: AccountId, specialUse: string): Program<MailboxInfo | undefined> {
  const found = yield* listMailboxes(account);
  return found.find((info) => info.specialUse === specialUse);
}

/** Names that are subscribed to, whether or not they are there, by name. */
export function* listSubscriptions(account: AccountId): Program<readonly string[]> {
  const found = yield* rows<[string]>(sql`SELECT name FROM subscription WHERE account = ${account} ORDER BY name`);
  return found.map(([name]) => name);
}

function infoOf(row: MailboxRow): MailboxInfo {
  return {
    mailbox: row.mailbox as MailboxId,
    name: row.name,
    specialUse: row.special_use,
    isSelectable: row.selectable === 1,
    uidValidity: row.uidvalidity,
    uidNext: row.uidnext,
    recentUid: row.recent_uid,
    highestModseq: row.highest_modseq as Modseq,
    messages: row.messages,
    unseen: row.unseen,
    deleted: row.deleted,
    bytes: row.bytes,
  };
}
