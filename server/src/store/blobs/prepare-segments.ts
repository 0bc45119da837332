/**
 * Puts the segment files in order when the store is opened, before any thread reads or writes them: what no committed change names (bodies whose
 * commit never came, the writer's zeros) is cut off, files that never came to hold a named body are removed.
 */
import fs from 'node:fs';
import { sql } from '../sql.ts';
import type { Connection } from '../sqlite/driver.ts';
import { segmentFile, segmentNumber, segmentsDirectory } from './layout.ts';

export function prepareSegments(directory: string, connection: Connection): void {
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
