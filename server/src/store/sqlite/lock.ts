/**
 * One server on a data directory: an SQLite database `DIR/lock` held in exclusive locking mode. The kernel gives the lock back when the process ends in
 * any way, kill -9 included.
 */
import fs from 'node:fs';
import path from 'node:path';
import Sqlite from 'better-sqlite3';
import { DomainError } from '#core/errors.ts';

/**
 * Takes the lock for this process until disposed; whoever drops what is returned loses the lock when it is collected. Throws `not-permitted` with a text for people when somebody else has it.
 * Never open `DIR/lock` by other means in the same process: POSIX drops a process's locks with its first close of the file.
 */
export function lockDirectory(directory: string): Disposable {
  fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
  const file = path.join(directory, 'lock');
  const database = new Sqlite(file, { timeout: 0 });
  try {
    database.pragma('locking_mode = EXCLUSIVE');
    database.exec('BEGIN EXCLUSIVE; COMMIT');
    database.exec('CREATE TABLE IF NOT EXISTS holder (id INTEGER PRIMARY KEY CHECK (id = 1), process INTEGER NOT NULL)');
    database.prepare('INSERT INTO holder VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET process = excluded.process').run(process.pid);
  } catch (error) {
    database.close();
    if (error instanceof Sqlite.SqliteError && error.code.startsWith('SQLITE_BUSY'))
      throw new DomainError('not-permitted', `another Capri is using ${directory}: stop it first, or give this one its own data directory`, { directory });
    throw error;
  }
  return { [Symbol.dispose]: () => void database.close() };
}
