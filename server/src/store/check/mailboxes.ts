/** Mailboxes, their entries, and the counters of both and of accounts. */
import { accountOf, type EmailId, type MailboxId } from '#core/ids.ts';
import { DELETED, hasFlag, keywordBits, SEEN } from '../flags.ts';
import { mailboxName, parentNames } from '../mailbox-name.ts';
import { sql } from '../sql.ts';
import type { Connection } from '../sqlite/driver.ts';
import type { ProblemList } from './problem.ts';

const SLICE = 5_000;

interface MailboxRow {
  readonly mailbox: number;
  readonly account: number;
  readonly name: string;
  readonly selectable: number;
  readonly uidnext: number;
  readonly recent_uid: number;
  readonly highest_modseq: number;
  readonly uidvalidity: number;
  readonly messages: number;
  readonly unseen: number;
  readonly deleted: number;
  readonly bytes: number;
}

interface AccountRow {
  readonly account: number;
  readonly modseq: number;
  readonly next_email: number;
  readonly next_mailbox: number;
  readonly uidvalidity: number;
  readonly used_bytes: number;
  readonly used_messages: number;
}

interface Sums {
  messages: number;
  unseen: number;
  deleted: number;
  bytes: number;
}

export function* checkMailboxes(connection: Connection, problems: ProblemList): Generator<void> {
  const accounts = new Map(connection.rows<[number]>(sql`SELECT account FROM account_state`).map(([account]) => [account, { bytes: 0, messages: 0 }]));
  /** `account bit` to uses. */
  const uses = new Map<string, number>();
  const mailboxes = connection.rows<[number]>(sql`SELECT mailbox FROM mailbox ORDER BY mailbox`);
  for (const [mailbox] of mailboxes) {
    const row = connection.one<MailboxRow>(sql`SELECT * FROM mailbox WHERE mailbox = ${mailbox}`);
    if (!row) continue;
    const totals = accounts.get(row.account);
    if (!totals || accountOf(row.mailbox as MailboxId) !== row.account) problems.add('mailbox', `mailbox ${mailbox} belongs to no account`);
    const sums: Sums = { messages: 0, unseen: 0, deleted: 0, bytes: 0 };
    yield* checkEntries(connection, problems, row, sums, uses);
    for (const counter of ['messages', 'unseen', 'deleted', 'bytes'] as const)
      if (row[counter] !== sums[counter])
        problems.add('mailbox', `mailbox ${mailbox} (${row.name}) counts ${row[counter]} ${counter} and has ${sums[counter]}`);
    if (row.recent_uid > row.uidnext) problems.add('mailbox', `mailbox ${mailbox} has recent messages from ${row.recent_uid}, past UIDNEXT ${row.uidnext}`);
    checkName(connection, problems, row);
    if (totals) {
      totals.bytes += sums.bytes;
      totals.messages += sums.messages;
    }
  }
  yield* checkDeleted(connection, problems, uses);
  checkAccounts(connection, problems, accounts);
  checkKeywords(connection, problems, uses);
  const lost = connection.rows<[number]>(
    sql`SELECT DISTINCT mailbox FROM entry WHERE mailbox NOT IN (SELECT mailbox FROM mailbox) AND mailbox NOT IN (SELECT mailbox FROM deleted_mailbox) LIMIT 20`,
  );
  for (const [mailbox] of lost) problems.add('entry', `there are entries of mailbox ${mailbox}, which does not exist`);
}

function checkName(connection: Connection, problems: ProblemList, { mailbox, account, name, selectable }: MailboxRow): void {
  if (!isProperName(name)) problems.add('mailbox', `mailbox ${mailbox} has the name ${JSON.stringify(name)}, which none may have`);
  if (name === 'INBOX' && selectable === 0) problems.add('mailbox', `INBOX of account ${account} cannot be selected`);
  const exists = (wanted: string): boolean => connection.one(sql`SELECT 1 AS yes FROM mailbox WHERE account = ${account} AND name = ${wanted}`) !== undefined;
  // Of an account that is being removed INBOX goes first, then the others by name.
  for (const parent of exists('INBOX') ? parentNames(name) : [])
    if (!exists(parent)) problems.add('mailbox', `mailbox ${mailbox} is called ${name}, and there is no ${parent}`);
}

function isProperName(name: string): boolean {
  try {
    return mailboxName(name) === name;
  } catch {
    return false;
  }
}

function* checkEntries(connection: Connection, problems: ProblemList, mailbox: MailboxRow, sums: Sums, uses: Map<string, number>): Generator<void> {
  /** Emails whose UIDL is the email id alone. */
  const plainUidls = new Set<number>();
  let last = -1;
  for (;;) {
    const rows = connection.rows<
      [uid: number, email: number, flags: number, modseq: number, size: number, uidl: number, stored: number | null, isNamed: number]
    >(
      sql`SELECT entry.uid, entry.email, entry.flags, entry.modseq, entry.size, entry.uidl, message.size,
            entry.arrived = 0 OR (message.home_mailbox = entry.mailbox AND message.home_uid = entry.uid)
          FROM entry LEFT JOIN message ON message.email = entry.email
          WHERE entry.mailbox = ${mailbox.mailbox} AND entry.uid > ${last} ORDER BY entry.uid LIMIT ${SLICE}`,
    );
    for (const [uid, email, flags, modseq, size, uidl, stored, isNamed] of rows) {
      last = uid;
      const name = `entry ${mailbox.mailbox}/${uid}`;
      sums.messages++;
      sums.bytes += size;
      if (!hasFlag(flags, SEEN)) sums.unseen++;
      if (hasFlag(flags, DELETED)) sums.deleted++;
      countUses(uses, mailbox.account, flags);
      if (uid < 1 || modseq < 1) problems.add('entry', `${name} has modseq ${modseq}; both begin with 1`);
      if (stored !== null && isNamed !== 1) problems.add('entry', `${name} is named neither by its message nor by the index`);
      if (uid >= mailbox.uidnext) problems.add('entry', `${name} is not below UIDNEXT ${mailbox.uidnext}`);
      if (modseq > mailbox.highest_modseq) problems.add('entry', `${name} has modseq ${modseq}, above HIGHESTMODSEQ ${mailbox.highest_modseq}`);
      if (accountOf(email as EmailId) !== mailbox.account) problems.add('entry', `${name} holds message ${email} of another account`);
      if (stored === null) problems.add('entry', `${name} holds message ${email}, which does not exist`);
      else if (stored !== size) problems.add('entry', `${name} has ${size} octets, its message ${stored}`);
      if (uidl === 0 && plainUidls.has(email)) problems.add('entry', `${name} has the UIDL of another entry of its mailbox`);
      if (uidl === 0) plainUidls.add(email);
    }
    yield;
    if (rows.length < SLICE) return;
  }
}

/** Entries that wait to be taken away: they still count as uses of keywords. */
function* checkDeleted(connection: Connection, problems: ProblemList, uses: Map<string, number>): Generator<void> {
  for (const [mailbox] of connection.rows<[number]>(sql`SELECT mailbox FROM deleted_mailbox`)) {
    if (connection.one(sql`SELECT 1 AS yes FROM mailbox WHERE mailbox = ${mailbox}`)) problems.add('mailbox', `mailbox ${mailbox} is there and deleted`);
    for (const [flags] of connection.rows<[number]>(sql`SELECT flags FROM entry WHERE mailbox = ${mailbox}`))
      countUses(uses, accountOf(mailbox as MailboxId), flags);
    yield;
  }
}

function checkAccounts(connection: Connection, problems: ProblemList, accounts: ReadonlyMap<number, { bytes: number; messages: number }>): void {
  for (const [account, totals] of accounts) {
    const row = connection.one<AccountRow>(sql`SELECT * FROM account_state WHERE account = ${account}`);
    if (!row) continue;
    const say = (text: string): void => problems.add('account', `account ${account} ${text}`);
    if (row.used_bytes !== totals.bytes) say(`counts ${row.used_bytes} octets and has ${totals.bytes}`);
    if (row.used_messages !== totals.messages) say(`counts ${row.used_messages} messages and has ${totals.messages}`);
    const first = account * 2 ** 30;
    const limit = first + 2 ** 30;
    const most = connection.one<{ email: number | null; mailbox: number | null; modseq: number | null; uidvalidity: number | null }>(
      sql`SELECT (SELECT max(email) FROM message WHERE email >= ${first} AND email < ${limit}) AS email,
            (SELECT max(mailbox) FROM mailbox WHERE account = ${account}) AS mailbox,
            (SELECT max(highest_modseq) FROM mailbox WHERE account = ${account}) AS modseq,
            (SELECT max(uidvalidity) FROM mailbox WHERE account = ${account}) AS uidvalidity`,
    );
    if (most?.email && most.email - first >= row.next_email) say(`would give email id ${row.next_email} again`);
    if (most?.mailbox && most.mailbox - first >= row.next_mailbox) say(`would give mailbox id ${row.next_mailbox} again`);
    if (most?.modseq && most.modseq > row.modseq) say(`is at modseq ${row.modseq}, a mailbox at ${most.modseq}`);
    if (most?.uidvalidity && most.uidvalidity > row.uidvalidity) say(`would give UIDVALIDITY ${row.uidvalidity + 1}, below one in use`);
    const twins = connection.rows<[number]>(sql`SELECT uidvalidity FROM mailbox WHERE account = ${account} GROUP BY uidvalidity HAVING count(*) > 1`);
    const uses = connection.rows<[string]>(
      sql`SELECT special_use FROM mailbox WHERE account = ${account} AND special_use <> '' GROUP BY special_use HAVING count(*) > 1`,
    );
    for (const [use] of uses) problems.add('mailbox', `account ${account} has two mailboxes for ${use}`);
    for (const [uidvalidity] of twins) say(`has UIDVALIDITY ${uidvalidity} twice`);
  }
}

function checkKeywords(connection: Connection, problems: ProblemList, uses: Map<string, number>): void {
  for (const [account, bit, name, counted] of connection.rows<[number, number, string, number]>(sql`SELECT account, bit, name, uses FROM keyword`)) {
    const key = `${account} ${bit}`;
    if (counted !== (uses.get(key) ?? 0)) problems.add('keyword', `keyword ${name} of account ${account} counts ${counted} uses and has ${uses.get(key) ?? 0}`);
    uses.delete(key);
  }
  for (const key of uses.keys()) problems.add('keyword', `entries have a keyword without a name: account and bit ${key}`);
}

function countUses(uses: Map<string, number>, account: number, flags: number): void {
  for (const bit of keywordBits(flags)) {
    const key = `${account} ${bit}`;
    uses.set(key, (uses.get(key) ?? 0) + 1);
  }
}
