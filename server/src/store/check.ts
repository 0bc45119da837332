/**
 * The checker: proves counters, uids, references, segments and the change log consistent with each other. Reads one snapshot, in slices between which
 * other events run; while a server works on the same directory that snapshot keeps its log from being shortened, no more.
 */
import fs from 'node:fs';
import { yieldToLoop } from '#core/async.ts';
import { checkBodies } from './check/bodies.ts';
import { checkChangeLog } from './check/change-log.ts';
import { checkMailboxes } from './check/mailboxes.ts';
import { checkMessages } from './check/messages.ts';
import { ProblemList, type Problem } from './check/problem.ts';
import { metadataFile } from './blobs/layout.ts';
import { sql } from './sql.ts';
import { Connection } from './sqlite/driver.ts';
import { listMigrations } from './sqlite/migrate.ts';

export type { Problem } from './check/problem.ts';

/** Everything that is wrong with the store of a data directory; empty when it is sound. At most 20 problems of a kind. */
export async function checkStore(directory: string): Promise<readonly Problem[]> {
  const problems = new ProblemList();
  if (!fs.existsSync(metadataFile(directory))) {
    problems.add('database', `there is no store in ${directory}`);
    return problems.all;
  }
  using connection = new Connection(metadataFile(directory), { readonly: true });
  connection.execute('BEGIN');
  try {
    checkDatabase(connection, problems);
    for (const check of [checkMailboxes, checkMessages, checkChangeLog]) for (const _slice of check(connection, problems)) await yieldToLoop();
    for (const _slice of checkBodies(connection, problems, directory)) await yieldToLoop();
  } finally {
    connection.execute('COMMIT');
  }
  return problems.all;
}

/** SQLite's own check of its tables and indexes; and that all are there which the migrations make. */
function checkDatabase(connection: Connection, problems: ProblemList): void {
  using fresh = new Connection(':memory:');
  for (const { text } of listMigrations()) fresh.script(text);
  const names = (from: Connection): readonly string[] =>
    from
      .rows<[string, string]>(sql`SELECT type, name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY name`)
      .map(([type, name]) => `${type} ${name}`);
  const present = new Set(names(connection));
  for (const name of names(fresh)) if (!present.has(name)) problems.add('database', `the ${name} is missing`);
  const found = connection.pragma('integrity_check(20)') as { readonly integrity_check: string }[];
  for (const { integrity_check: text } of found) if (text !== 'ok') problems.add('database', text);
}
