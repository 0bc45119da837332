/** The change log: in its bounds, and it tells of every entry's last change that has not been pruned. */
import { sql } from '../sql.ts';
import type { Connection } from '../sqlite/driver.ts';
import { countUids, normaliseRanges, parseRanges, type UidRange } from '../uid-set.ts';
import type { ProblemList } from './problem.ts';

const SLICE = 5_000;

export function* checkChangeLog(connection: Connection, problems: ProblemList): Generator<void> {
  for (const [account] of connection.rows<[number]>(sql`SELECT account FROM account_state WHERE log_floor > modseq`))
    problems.add('change-log', `the log of account ${account} was pruned further than it reaches`);
  const outside = connection.rows<[number, number]>(
    sql`SELECT change.account, change.modseq FROM change JOIN account_state USING (account)
        WHERE change.modseq > account_state.modseq OR change.modseq <= account_state.log_floor LIMIT 20`,
  );
  for (const [account, modseq] of outside) problems.add('change-log', `account ${account} has a change with modseq ${modseq}, outside of its log`);
  const expunges = connection.rows<[number, number, string, number | null]>(
    sql`SELECT account, modseq, uids, length(emails) FROM change WHERE kind = 'expunge' ORDER BY account, modseq LIMIT 100000`,
  );
  for (const [account, modseq, uids, bytes] of expunges) {
    const count = countUids(parseRanges(uids));
    if ((bytes ?? 0) !== count * 8) problems.add('change-log', `expunge ${account}/${modseq} names ${count} uids and ${(bytes ?? 0) / 8} messages`);
  }
  for (const [account] of connection.rows<[number]>(sql`SELECT account FROM account_state`)) yield* checkArrivals(connection, problems, account);
  for (const [mailbox, account] of connection.rows<[number, number]>(sql`SELECT mailbox, account FROM mailbox ORDER BY mailbox`)) {
    const floor = connection.one<{ log_floor: number }>(sql`SELECT log_floor FROM account_state WHERE account = ${account}`)?.log_floor ?? 0;
    const told = new Map<number, readonly (readonly [number, number])[]>();
    let last = 0;
    for (;;) {
      const rows = connection.rows<[uid: number, modseq: number]>(
        sql`SELECT uid, modseq FROM entry WHERE mailbox = ${mailbox} AND uid > ${last} ORDER BY uid LIMIT ${SLICE}`,
      );
      for (const [uid, modseq] of rows) {
        last = uid;
        if (modseq <= floor) continue;
        let ranges = told.get(modseq);
        if (!ranges) {
          ranges = connection
            .rows<[string]>(
              sql`SELECT uids FROM change WHERE account = ${account} AND modseq = ${modseq} AND mailbox = ${mailbox} AND kind IN ('append', 'flags')`,
            )
            .flatMap(([uids]) => parseRanges(uids));
          if (told.size > 10_000) told.clear();
          told.set(modseq, ranges);
        }
        if (!ranges.some(([from, to]) => uid >= from && uid <= to))
          problems.add('change-log', `the log does not tell of entry ${mailbox}/${uid} at modseq ${modseq}`);
      }
      yield;
      if (rows.length < SLICE) break;
    }
  }
}

/** Every message of which the log tells that it came is there, or the log tells that it went. */
function* checkArrivals(connection: Connection, problems: ProblemList, account: number): Generator<void> {
  const expunged = new Map<number, UidRange[]>();
  for (const [mailbox, uids] of changes(connection, account, 'expunge')) {
    const ranges = expunged.get(mailbox);
    if (ranges) ranges.push(...parseRanges(uids));
    else expunged.set(mailbox, parseRanges(uids));
  }
  const gone = new Map([...expunged].map(([mailbox, ranges]) => [mailbox, normaliseRanges(ranges)]));
  const mailboxes = new Set(connection.rows<[number]>(sql`SELECT mailbox FROM mailbox WHERE account = ${account}`).map(([mailbox]) => mailbox));
  let seen = 0;
  for (const [mailbox, uids] of changes(connection, account, 'append')) {
    if (!mailboxes.has(mailbox)) continue;
    for (const [first, last] of parseRanges(uids)) {
      const count = connection.one<{ present: number }>(
        sql`SELECT count(*) AS present FROM entry WHERE mailbox = ${mailbox} AND uid BETWEEN ${first} AND ${last}`,
      );
      const told = (count?.present ?? 0) + countWithin(gone.get(mailbox) ?? [], first, last);
      if (told !== last - first + 1) problems.add('change-log', `the log does not tell truly where entries ${mailbox}/${first}:${last} are`);
    }
    if (++seen % SLICE === 0) yield;
  }
}

function* changes(connection: Connection, account: number, kind: 'append' | 'expunge'): Generator<readonly [mailbox: number, uids: string]> {
  let last = 0;
  for (;;) {
    const rows = connection.rows<[modseq: number, mailbox: number, uids: string]>(
      sql`SELECT modseq, mailbox, uids FROM change WHERE account = ${account} AND modseq > ${last} AND kind = ${kind} ORDER BY modseq LIMIT ${SLICE}`,
    );
    // A modseq is never cut in two, unless it alone fills the slice.
    const end = rows.length < SLICE ? undefined : rows[rows.length - 1]?.[0];
    const whole = end === undefined || rows[0]?.[0] === end ? rows : rows.filter(([modseq]) => modseq !== end);
    for (const [modseq, mailbox, uids] of whole) {
      last = modseq;
      yield [mailbox, uids];
    }
    if (end === undefined) return;
  }
}

/** How many numbers of ordered ranges lie between two. */
function countWithin(ranges: readonly UidRange[], first: number, last: number): number {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ranges[middle]?.[1] ?? 0) < first) low = middle + 1;
    else high = middle;
  }
  let count = 0;
  for (let range = ranges[low]; range && range[0] <= last; range = ranges[++low]) count += Math.min(range[1], last) - Math.max(range[0], first) + 1;
  return count;
}
