/**
 * Puts the segment files in order when the store is opened, before any thread reads or writes them: what no committed change names (bodies whose
 * commit never came, the writer's zeros) is cut off, files that never came to hold a named body are removed. Segments that nobody will go on with are
 * sealed.
 */
import fs from 'node:fs';
import { sql } from '../sql.ts';
import type { Connection } from '../sqlite/driver.ts';
import { SEGMENT_SPAN, segmentFile, segmentNumber, segmentsDirectory } from './layout.ts';

/** @param owners the threads that will stream bodies; undefined: all that ever did may come again */
export function prepareSegments(directory: string, connection: Connection, owners?: readonly string[]): void {
  // The writer goes on in its newest one only: it left the others because they were full or failed.
  connection.run(
    sql`UPDATE segment SET state = 'sealed' WHERE state = 'open' AND (size >= ${SEGMENT_SPAN}
          OR owner = 'writer' AND segment < (SELECT max(segment) FROM segment WHERE owner = 'writer' AND state = 'open'))`,
  );
  // Nobody will fill the segments of a thread that does not come back: sealed, their dead space can be had again.
  if (owners) {
    const open = connection.rows<[number, string]>(sql`SELECT segment, owner FROM segment WHERE state = 'open' AND owner <> 'writer'`);
    for (const [segment, owner] of open) {
      if (!owners.includes(owner)) connection.run(sql`UPDATE segment SET state = 'sealed' WHERE segment = ${segment}`);
    }
  }
  const sizes = new Map(connection.rows<[number, number]>(sql`SELECT segment, size FROM segment WHERE state <> 'removed'`));
  for (const name of fs.readdirSync(segmentsDirectory(directory))) {
    const segment = segmentNumber(name);
    if (segment === undefined) continue;
    const file = segmentFile(directory, segment);
    const size = sizes.get(segment);
    if (size === undefined) fs.rmSync(file);
    else if (fs.statSync(file).size > size) fs.truncateSync(file, size);
  }
}
