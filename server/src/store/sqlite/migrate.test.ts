import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { DomainError } from '#core/errors.ts';
import { sql } from '../sql.ts';
import { Connection } from './driver.ts';
import { listMigrations, migrate, type Migration } from './migrate.ts';

const first: Migration = { version: 1, name: 'first', text: 'CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (1)' };
const second: Migration = { version: 2, name: 'second', text: 'ALTER TABLE a ADD COLUMN y INTEGER; UPDATE a SET y = x + 1' };
const broken: Migration = { version: 3, name: 'broken', text: 'CREATE TABLE b (x INTEGER); INSERT INTO nowhere VALUES (1)' };

test('missing migrations are run once, in order, after a copy of the database was put aside', () => {
  using place = open();
  assert.deepEqual(migrate(place.connection, place.directory, [first]), [1]);
  assert.deepEqual(copies(place.directory), []);
  assert.deepEqual(migrate(place.connection, place.directory, [first, second]), [2]);
  assert.deepEqual(migrate(place.connection, place.directory, [first, second]), []);
  assert.deepEqual(place.connection.rows(sql`SELECT x, y FROM a`), [[1, 2]]);
  assert.deepEqual(copies(place.directory), ['before-migration-0001.sqlite']);
  using copy = new Connection(path.join(place.directory, 'before-migration-0001.sqlite'), { readonly: true });
  assert.deepEqual(copy.rows(sql`SELECT * FROM a`), [[1]]);
});

test('a migration that fails leaves the database as it was before it', () => {
  using place = open();
  migrate(place.connection, place.directory, [first]);
  assert.throws(() => migrate(place.connection, place.directory, [first, second, broken]), /migration 3 \(broken\) failed/);
  assert.deepEqual(place.connection.rows(sql`SELECT name FROM sqlite_master WHERE name IN ('a', 'b')`), [['a']]);
  assert.deepEqual(place.connection.rows(sql`SELECT version FROM schema_version`), [[1], [2]]);
});

test('a database of a newer version is refused with a word on what to do', () => {
  using place = open();
  migrate(place.connection, place.directory, [first, second]);
  assert.throws(
    () => migrate(place.connection, place.directory, [first]),
    (error) => error instanceof DomainError && error.code === 'store-failed' && /newer Capri \(schema 2\)/.test(error.message),
  );
});

test('the migrations of this program are numbered without twins', () => {
  const versions = listMigrations().map(({ version }) => version);
  assert.deepEqual(versions, [...new Set(versions)]);
  assert.equal(versions[0], 1);
});

function open(): { readonly directory: string; readonly connection: Connection } & Disposable {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'capri-migrate-'));
  const connection = new Connection(path.join(directory, 'metadata.sqlite'));
  return {
    directory,
    connection,
    [Symbol.dispose]: () => {
      connection[Symbol.dispose]();
      fs.rmSync(directory, { recursive: true });
    },
  };
}

function copies(directory: string): string[] {
  return fs.readdirSync(directory).filter((name) => name.startsWith('before-'));
}
