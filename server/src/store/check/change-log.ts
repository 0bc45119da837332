/** The change log: in its bounds, and it tells of every entry's last change that has not been pruned. */
import { sql } from '../sql.ts';
import type { Connection } from '../sqlite/driver.ts';
import { parseRanges } from '../uid-set.ts';
import type { ProblemList } from './problem.ts';

const SLICE = 5_000;

export function* checkChangeLog(connection: Connection, problems: ProblemList): Generator<void> {
  const outside = connection.rows<[number, number]>(
    sql`SELECT change.account, change.modseq FROM change JOIN account_state USING (account)
        WHERE change.modseq > account_state.modseq OR change.modseq <= account_state.log_floor LIMIT 20`,
  );
  for (const [account, modseq] of outside) problems.add('change-log', `account ${account} has a change with modseq ${modseq}, outside of its log`);
  const expunges = connection.rows<[number, number, string, number | null]>(
    sql`SELECT account, modseq, uids, length(emails) FROM change WHERE kind = 'expunge' ORDER BY account, modseq LIMIT 100000`,
  );
  for (const [account, modseq, uids, bytes] of expunges) {
    const count = parseRanges(uids).reduce((sum, [first, last]) => sum + last - first + 1, 0);
    if ((bytes ?? 0) !== count * 8) problems.add('change-log', `expunge ${account}/${modseq} names ${count} uids and ${(bytes ?? 0) / 8} messages`);
  }
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
