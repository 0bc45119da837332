/**
 * Does again what the database and the segments have lost of the groups that were answered for: the first thing when a store is opened, before migrations, with the
 * statements that the program of that time wrote. After a clean stop there is nothing to do; after a kill the bodies are written once more and nothing else, since the
 * database still has all. When it returns, everything is synced where it belongs.
 */
import fs from 'node:fs';
import { DomainError } from '#core/errors.ts';
import { diskFiles, isDiskFull } from '../blobs/files.ts';
import { firstPlace, logFile, metadataFile, segmentFile, segmentsDirectory, storeDirectory } from '../blobs/layout.ts';
import { sql } from '../sql.ts';
import { Connection } from '../sqlite/driver.ts';
import { Reserve } from '../sqlite/reserve.ts';
import { journalDirectory, journalFiles } from './place.ts';
import { type JournalRecord, readRecords } from './record.ts';

/** The sequence of the last group that the database has; undefined where it knows no journal. */
export function appliedSequence(connection: Connection): number | undefined {
  if (connection.one(sql`SELECT 1 AS yes FROM sqlite_master WHERE name = 'journal'`) === undefined) return undefined;
  return connection.one<{ applied: number }>(sql`SELECT applied FROM journal`)?.applied;
}

/** How many groups the journal has that the database has lost: what `recoverJournal` would do again. For a directory that nobody has open for writing. */
export function countLostGroups(directory: string): number {
  const records = journalFiles(directory).flatMap((file) => (fs.existsSync(file) ? readRecords(fs.readFileSync(file)) : []));
  if (records.length === 0) return 0;
  using connection = new Connection(metadataFile(directory), { readonly: true });
  const applied = appliedSequence(connection) ?? 0;
  return inOrder(records).filter(({ sequence }) => sequence > applied).length;
}

/** Returns how many groups the database had lost. Throws `store-failed` when the journal is not that of this database. */
export function recoverJournal(directory: string, connection: Connection): number {
  try {
    return giveBack(directory, connection);
  } catch (error) {
    // On a full disk nobody could expunge anything if the store could not be opened: this is what the reserve is for.
    if (!isDiskFull(error) || !new Reserve(storeDirectory(directory)).give()) throw error;
    return giveBack(directory, connection);
  }
}

function giveBack(directory: string, connection: Connection): number {
  const files = journalFiles(directory).filter((file) => fs.existsSync(file));
  const records = inOrder(files.flatMap((file) => readRecords(fs.readFileSync(file))));
  const applied = appliedSequence(connection) ?? 0;
  const lost = records.filter(({ sequence }) => sequence > applied);
  for (const [index, { sequence }] of lost.entries())
    if (sequence !== applied + 1 + index)
      throw new DomainError(
        'store-failed',
        `the journal in ${journalDirectory(directory)} begins behind the database (${sequence}, expected ${applied + 1 + index}): if the database was put back from a copy, move the journal away, too`,
      );
  if (records.length > 0) {
    writeBodies(directory, records, applied);
    repeat(connection, lost);
    hardenLog(directory, connection);
  }
  // Places that no row names are written to anew from here on: what an old record says of them must not come back. One that is empty may not be so on the disk yet.
  for (const file of files) empty(file);
  return lost.length;
}

function repeat(connection: Connection, lost: readonly JournalRecord[]): void {
  const last = lost[lost.length - 1];
  if (last === undefined) return;
  connection.execute('BEGIN IMMEDIATE');
  try {
    for (const { statements } of lost) for (const { text, values } of statements) connection.repeat(text, values);
    connection.run(sql`UPDATE journal SET applied = ${last.sequence}`);
    connection.execute('COMMIT');
  } catch (error) {
    if (connection.inTransaction) connection.execute('ROLLBACK');
    if (isDiskFull(error)) throw error;
    throw new DomainError(
      'store-failed',
      `what the database has lost could not be done again from the journal: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function hardenLog(directory: string, connection: Connection): void {
  try {
    // From the memory of the system into the database's file: a log that could not be synced when it was written is not relied upon.
    connection.pragma('wal_checkpoint(TRUNCATE)');
  } catch (error) {
    // Where the database cannot grow the log has to do.
    if (!isDiskFull(error)) throw error;
  }
  // A reader (the checker of another process) may have kept it from doing all.
  diskFiles.syncFile(logFile(directory));
}

function empty(file: string): void {
  const descriptor = diskFiles.open(file, 'r+');
  try {
    diskFiles.truncate(descriptor, 0);
    diskFiles.sync(descriptor);
  } finally {
    diskFiles.close(descriptor);
  }
}

/** By sequence; of two with the same one that of the later cycle. */
function inOrder(records: readonly JournalRecord[]): readonly JournalRecord[] {
  const bySequence = new Map<number, JournalRecord>();
  for (const record of records) {
    const other = bySequence.get(record.sequence);
    if (other === undefined || other.cycle < record.cycle) bySequence.set(record.sequence, record);
  }
  return [...bySequence.values()].toSorted((a, b) => a.sequence - b.sequence);
}

/** Bodies of groups that the database has may have been removed since with their segment: they are not missed. */
function writeBodies(directory: string, records: readonly JournalRecord[], applied: number): void {
  const open = new Map<number, number | undefined>();
  try {
    for (const { sequence, bodies } of records) {
      for (const { blob, bytes } of bodies) {
        const { segment, offset } = firstPlace(blob);
        let descriptor = open.get(segment);
        if (descriptor === undefined && (!open.has(segment) || sequence > applied)) {
          const file = segmentFile(directory, segment);
          descriptor = fs.existsSync(file) ? diskFiles.open(file, 'r+') : sequence > applied ? diskFiles.open(file, 'wx+') : undefined;
          open.set(segment, descriptor);
        }
        if (descriptor !== undefined) diskFiles.write(descriptor, [bytes], offset);
      }
    }
    for (const descriptor of open.values()) if (descriptor !== undefined) diskFiles.sync(descriptor);
    diskFiles.syncDirectory(segmentsDirectory(directory));
  } finally {
    for (const descriptor of open.values()) if (descriptor !== undefined) diskFiles.close(descriptor);
  }
}
