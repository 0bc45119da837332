/** Makes a segment file with a number that nobody has had: threads race for the name, the file system decides. */
import fs from 'node:fs';
import { segmentFile, segmentNumber, segmentsDirectory } from './layout.ts';

const ATTEMPTS = 1000;

/**
 * Creates the next segment with `open`, which must fail with EEXIST where the file is there already.
 * @param floor the largest number that the database knows
 */
export function newSegment<Handle>(directory: string, floor: number, open: (file: string) => Handle): { readonly segment: number; readonly handle: Handle } {
  let segment = Math.max(floor, ...fs.readdirSync(segmentsDirectory(directory)).map((name) => segmentNumber(name) ?? 0));
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    segment++;
    try {
      return { segment, handle: open(segmentFile(directory, segment)) };
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
  }
  throw new Error(`no free segment number above ${floor} in ${directory}`);
}
