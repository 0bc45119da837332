/** Where the journal lies: two files that take turns, `DIR/store/journal/0` and `1`. */
import path from 'node:path';
import { storeDirectory } from '../blobs/layout.ts';

export function journalDirectory(directory: string): string {
  return path.join(storeDirectory(directory), 'journal');
}

export function journalFiles(directory: string): readonly [string, string] {
  return [path.join(journalDirectory(directory), '0'), path.join(journalDirectory(directory), '1')];
}
