/** Bodies: references counted, places inside their segments and apart from each other, files there and long enough. */
import fs from 'node:fs';
import { SEGMENT_SPAN, segmentFile, spanOf } from '../blobs/layout.ts';
import { sql } from '../sql.ts';
import type { Connection } from '../sqlite/driver.ts';
import type { ProblemList } from './problem.ts';

const SLICE = 5_000;

interface SegmentRow {
  readonly state: string;
  readonly size: number;
  readonly fileSize: number | undefined;
}

export function* checkBodies(connection: Connection, problems: ProblemList, directory: string): Generator<void> {
  const segments = checkSegments(connection, problems, directory);
  const references = countReferences(connection);
  yield;
  let last = -1;
  for (;;) {
    const rows = connection.rows<[blob: number, length: number, refs: number, freedAt: number | null, segment: number | null, place: number | null]>(
      sql`SELECT blob, length, refs, freed_at, segment, place FROM blob WHERE blob > ${last} ORDER BY blob LIMIT ${SLICE}`,
    );
    for (const [blob, length, refs, freedAt, movedTo, place] of rows) {
      last = blob;
      const counted = references.get(blob) ?? 0;
      references.delete(blob);
      if (refs !== counted) problems.add('body', `body ${blob} counts ${refs} references and has ${counted}`);
      if ((refs === 0) !== (freedAt !== null)) problems.add('body', `body ${blob} has ${refs} references and ${freedAt === null ? 'no' : 'a'} time of release`);
      const segment = movedTo ?? Math.floor(blob / SEGMENT_SPAN);
      const start = place ?? blob % SEGMENT_SPAN;
      const end = start + (movedTo === null ? spanOf(length) : length);
      const row = segments.get(segment);
      if (!row || row.state === 'removed') problems.add('body', `body ${blob} is in segment ${segment}, which is ${row ? 'removed' : 'unknown'}`);
      else if (end > row.size) problems.add('body', `body ${blob} ends at ${end}, segment ${segment} at ${row.size}`);
    }
    yield;
    if (rows.length < SLICE) break;
  }
  for (const [body] of connection.rows<[number]>(sql`SELECT body FROM prepared WHERE body NOT IN (SELECT blob FROM blob) LIMIT 20`))
    problems.add('body', `what was prepared of body ${body} has outlived it`);
  for (const [blob, count] of references) problems.add('body', `${count} rows refer to body ${blob}, which is not stored`);
  for (const segment of segments.keys()) {
    checkOverlaps(connection, problems, segment);
    yield;
  }
}

function checkOverlaps(connection: Connection, problems: ProblemList, segment: number): void {
  const first = segment * SEGMENT_SPAN;
  const places = connection.rows<[blob: number, place: number, length: number]>(
    sql`SELECT blob, blob - ${first} AS place, length FROM blob WHERE blob BETWEEN ${first} AND ${first + SEGMENT_SPAN - 1} AND segment IS NULL
        UNION ALL SELECT blob, place, length FROM blob WHERE segment = ${segment} ORDER BY place, length`,
  );
  let end = 0;
  let last = 0;
  for (const [blob, place, length] of places) {
    if (place < end) problems.add('body', `bodies ${last} and ${blob} overlap`);
    end = Math.max(end, place + length);
    last = blob;
  }
}

function checkSegments(connection: Connection, problems: ProblemList, directory: string): ReadonlyMap<number, SegmentRow> {
  const segments = new Map<number, SegmentRow>();
  for (const [segment, state, size] of connection.rows<[number, string, number]>(sql`SELECT segment, state, size FROM segment`)) {
    const fileSize = fs.statSync(segmentFile(directory, segment), { throwIfNoEntry: false })?.size;
    segments.set(segment, { state, size, fileSize });
    if (state === 'removed' || (state === 'emptied' && fileSize === undefined)) continue;
    if (fileSize === undefined) problems.add('segment', `the file of segment ${segment} is missing`);
    else if (fileSize < size) problems.add('segment', `segment ${segment} has ${size} octets, its file ${fileSize}`);
  }
  return segments;
}

/** How often each body is referred to: every table that has a column `blob` refers to bodies with it. */
function countReferences(connection: Connection): Map<number, number> {
  const counts = new Map<number, number>();
  const tables = connection.rows<[string]>(
    sql`SELECT tables.name FROM sqlite_master AS tables JOIN pragma_table_info(tables.name) AS columns
        WHERE tables.type = 'table' AND columns.name = 'blob' AND tables.name <> 'blob'`,
  );
  for (const [table] of tables)
    for (const [blob, count] of connection.pairs(`SELECT blob, count(*) FROM "${table}" WHERE blob IS NOT NULL GROUP BY blob`))
      counts.set(blob, (counts.get(blob) ?? 0) + count);
  return counts;
}
