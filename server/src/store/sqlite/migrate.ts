/**
 * Numbered migrations, run at start in their order, each in its own transaction, after a consistent copy of the database was put aside
 * (`store/before-migration-VERSION.sqlite`). Bodies are not copied: segments are append-only and no migration touches them.
 */
import fs from 'node:fs';
import path from 'node:path';
import { DomainError } from '#core/errors.ts';
import { sql } from '../sql.ts';
import type { Connection } from './driver.ts';

const MIGRATIONS = path.join(import.meta.dirname, '..', 'migrations');
/** Copies kept besides the newest. */
const COPIES_KEPT = 3;
/** 4 MiB, as SQLite writes it. */
const COPY_CACHE = -4096;

export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly text: string;
}

/** The migrations that belong to this program: `NNNN-name.sql`. */
export function listMigrations(directory: string = MIGRATIONS): readonly Migration[] {
  return fs
    .readdirSync(directory)
    .filter((name) => /^\d{4}-[a-z0-9-]+\.sql$/.test(name))
    .toSorted()
    .map((name) => ({ version: Number(name.slice(0, 4)), name: name.slice(5, -4), text: fs.readFileSync(path.join(directory, name), 'utf8') }));
}

/**
 * Brings the database up to date; returns the versions that were run. Throws `store-failed` when the database was written by a newer Capri.
 * @param storeDirectory where the copy is put
 */
export function migrate(connection: Connection, storeDirectory: string, migrations: readonly Migration[] = listMigrations()): readonly number[] {
  connection.script('CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY, name TEXT NOT NULL)');
  const done = new Set(connection.rows<[number]>(sql`SELECT version FROM schema_version`).map(([version]) => version));
  const known = new Set(migrations.map(({ version }) => version));
  const unknown = [...done].filter((version) => !known.has(version));
  if (unknown.length > 0)
    throw new DomainError(
      'store-failed',
      `the store in ${storeDirectory} was written by a newer Capri (schema ${Math.max(...unknown)}): run that version, or restore a copy from before its migration`,
    );
  const missing = migrations.filter(({ version }) => !done.has(version));
  if (missing.length === 0) return [];
  if (done.size > 0) keepCopy(connection, storeDirectory, Math.max(...done));
  for (const { version, name, text } of missing) {
    connection.execute('BEGIN IMMEDIATE');
    try {
      connection.script(text);
      connection.run(sql`INSERT INTO schema_version (version, name) VALUES (${version}, ${name})`);
      connection.execute('COMMIT');
    } catch (error) {
      if (connection.inTransaction) connection.execute('ROLLBACK');
      throw new Error(`migration ${version} (${name}) failed; the store is as it was before it`, { cause: error });
    }
  }
  return missing.map(({ version }) => version);
}

function keepCopy(connection: Connection, directory: string, version: number): void {
  const file = path.join(directory, `before-migration-${String(version).padStart(4, '0')}.sqlite`);
  const unfinished = `${file}.unfinished`;
  fs.rmSync(unfinished, { force: true });
  // The copy has a cache as large as the connection's, and what they hold stays with the process: a long way back to what a start may cost.
  const [cache] = connection.pragma('cache_size') as readonly { readonly cache_size: number }[];
  connection.pragma(`cache_size = ${COPY_CACHE}`);
  try {
    connection.run(sql`VACUUM INTO ${unfinished}`);
  } finally {
    connection.pragma(`cache_size = ${cache?.cache_size ?? COPY_CACHE}`);
  }
  syncPath(unfinished);
  fs.renameSync(unfinished, file);
  syncPath(directory);
  const copies = fs.readdirSync(directory).filter((name) => /^before-migration-\d{4}\.sqlite$/.test(name));
  for (const name of copies.toSorted().slice(0, -COPIES_KEPT - 1)) fs.rmSync(path.join(directory, name));
}

function syncPath(file: string): void {
  const descriptor = fs.openSync(file, 'r');
  try {
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}
