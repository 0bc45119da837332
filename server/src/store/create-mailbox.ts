/** CREATE, with the parents that are missing. RFC 9051 §6.3.4 · RFC 6154 §3 (CREATE-SPECIAL-USE) · RFC 8474 §4.1 */
import { DomainError } from '#core/errors.ts';
import { type AccountId, idWithin, type MailboxId, type Modseq } from '#core/ids.ts';
import { advanceAccount, logChange } from './account-state.ts';
import { parentNames, SEPARATOR } from './mailbox-name.ts';
import { defineMutation, type Mutation, type Tx } from './mutation.ts';
import { one, type Program, run, sql } from './sql.ts';

/** Mailboxes of an account. */
const MAILBOX_LIMIT = 10_000;

/** RFC 6154 §2, RFC 8457 §5. */
export const SPECIAL_USES: readonly string[] = ['\\All', '\\Archive', '\\Drafts', '\\Flagged', '\\Important', '\\Junk', '\\Sent', '\\Trash'];

export interface CreateMailboxArgs {
  readonly account: AccountId;
  /** As `mailboxName` gives it. */
  readonly name: string;
  /** One of SPECIAL_USES, or empty. */
  readonly specialUse?: string;
  readonly isSubscribed?: boolean;
  readonly nowMs: number;
}

export interface CreatedMailbox {
  readonly mailbox: MailboxId;
  readonly uidValidity: number;
  readonly modseq: Modseq;
}

/** Throws `mailbox-exists`, `object-limit`, `bad-request` for a special use that does not exist or that another mailbox has. */
export const createMailbox: Mutation<CreateMailboxArgs, CreatedMailbox> = defineMutation('store.createMailbox', createMailboxProgram);

/** The same as a part of another mutation. */
export function* createMailboxProgram(tx: Tx, args: CreateMailboxArgs): Program<CreatedMailbox> {
  const { account, name, nowMs, specialUse = '' } = args;
  if (specialUse !== '') yield* checkSpecialUse(account, specialUse);
  for (const parent of parentNames(name)) {
    const there = yield* findByName(account, parent);
    if (!there) yield* insertMailbox(tx, account, parent, '', nowMs);
  }
  const existing = yield* findByName(account, name);
  if (existing && existing.selectable === 1) throw new DomainError('mailbox-exists', `the mailbox ${name} exists`, { name });
  const created = existing
    ? yield* makeSelectable(tx, account, existing.mailbox, specialUse, nowMs)
    : yield* insertMailbox(tx, account, name, specialUse, nowMs);
  if (args.isSubscribed === true) yield* run(sql`INSERT INTO subscription (account, name) VALUES (${account}, ${name}) ON CONFLICT DO NOTHING`);
  return created;
}

/** Makes sure that the parents of a name are there. */
export function* createParents(tx: Tx, account: AccountId, name: string, nowMs: number): Program<void> {
  for (const parent of parentNames(name)) if (!(yield* findByName(account, parent))) yield* insertMailbox(tx, account, parent, '', nowMs);
}

/** Adds the row of a mailbox whose name is free. */
export function* insertMailbox(
  tx: Tx,
  account: AccountId,
  name: string,
  specialUse: string,
  nowMs: number,
  isSelectable: boolean = true,
): Program<CreatedMailbox> {
  const count = yield* one<{ mailboxes: number }>(sql`SELECT count(*) AS mailboxes FROM mailbox WHERE account = ${account}`);
  if (count && count.mailboxes >= MAILBOX_LIMIT) throw new DomainError('object-limit', `an account can have ${MAILBOX_LIMIT} mailboxes`);
  const { modseq, nextMailbox } = yield* advanceAccount(account, { mailboxes: 1 });
  const mailbox = idWithin<MailboxId>(account, nextMailbox);
  const uidValidity = yield* takeUidValidity(account, nowMs);
  yield* run(
    sql`INSERT INTO mailbox (mailbox, account, name, special_use, selectable, uidvalidity, highest_modseq, created_at)
        VALUES (${mailbox}, ${account}, ${name}, ${specialUse}, ${isSelectable ? 1 : 0}, ${uidValidity}, ${modseq}, ${nowMs})`,
  );
  yield* logChange({ account, modseq, mailbox, kind: 'mailbox-created', nowMs });
  tx.hint(account, modseq);
  return { mailbox, uidValidity, modseq };
}

/** The time in seconds, or one more than the last: never the same twice for an account (RFC 9051 §2.3.1.1). */
export function* takeUidValidity(account: AccountId, nowMs: number): Program<number> {
  const row = yield* one<{ uidvalidity: number }>(
    sql`UPDATE account_state SET uidvalidity = max(uidvalidity + 1, ${Math.floor(nowMs / 1000)}) WHERE account = ${account} RETURNING uidvalidity`,
  );
  if (!row) throw new DomainError('account-not-found', `account ${account} has no mail`, { account });
  return row.uidvalidity;
}

function* makeSelectable(tx: Tx, account: AccountId, mailbox: MailboxId, specialUse: string, nowMs: number): Program<CreatedMailbox> {
  const { modseq } = yield* advanceAccount(account);
  const row = yield* one<{ uidvalidity: number }>(
    sql`UPDATE mailbox SET selectable = 1, special_use = ${specialUse} WHERE mailbox = ${mailbox} RETURNING uidvalidity`,
  );
  yield* logChange({ account, modseq, mailbox, kind: 'mailbox-changed', nowMs });
  tx.hint(account, modseq);
  return { mailbox, uidValidity: row?.uidvalidity ?? 0, modseq };
}

function* findByName(account: AccountId, name: string): Program<{ readonly mailbox: MailboxId; readonly selectable: number } | undefined> {
  return yield* one(sql`SELECT mailbox, selectable FROM mailbox WHERE account = ${account} AND name = ${name}`);
}

function* checkSpecialUse(account: AccountId, specialUse: string): Program<void> {
  if (!SPECIAL_USES.includes(specialUse)) throw new DomainError('bad-request', `there is no special use ${specialUse}`);
  const other = yield* one(sql`SELECT name FROM mailbox WHERE account = ${account} AND special_use = ${specialUse}`);
  if (other) throw new DomainError('bad-request', `another mailbox has the special use ${specialUse}`);
}

/** Whether a name is below another. */
export function isBelow(name: string, above: string): boolean {
  return name.startsWith(above + SEPARATOR);
}
