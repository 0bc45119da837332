/** The journal and what opening a store makes of it, on the real disk. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { appendTexts, makeAccount, mailboxId, sampleText, TEST_TIME_MS } from '../../../test/support/store.ts';
import { type BodyFiles, diskFiles } from '../blobs/files.ts';
import { blobIdAt, metadataFile, segmentFile } from '../blobs/layout.ts';
import { checkStore } from '../check.ts';
import { copyMessages, moveMessages } from '../copy-messages.ts';
import { expunge } from '../expunge.ts';
import { defineMutation } from '../mutation.ts';
import { STORE_MUTATIONS } from '../mutations.ts';
import { openForWriting, openStore } from '../open.ts';
import { one, run, type Statement, sql } from '../sql.ts';
import { Connection } from '../sqlite/driver.ts';
import type { Store } from '../store.ts';
import { updateFlags } from '../update-flags.ts';
import { Journal } from './journal.ts';
import { journalFiles } from './place.ts';
import { readRecords, RecordWriter } from './record.ts';
import { countLostGroups, recoverJournal } from './recover.ts';

test('what a power cut takes from the database and the segments is done again when the store is opened', async () => {
  using folder = temporary();
  const store = await open(folder.directory);
  const { account, inbox } = await makeAccount(store);
  await appendTexts(store, account, inbox, [sampleText(1)]);
  await store[Symbol.asyncDispose]();
  // The disk as it was at the last clean stop: nothing that comes now is synced but the journal.
  using cut = temporary();
  fs.cpSync(folder.directory, cut.directory, { recursive: true });

  const again = await open(folder.directory);
  const trash = await mailboxId(again, account, 'Trash');
  await appendTexts(again, account, inbox, [sampleText(2), '', sampleText(3)]);
  await again.commit(updateFlags, { account, mailbox: inbox, uids: '1:2', change: { mode: 'add', flags: 1, keywords: ['$Todo'] }, nowMs: TEST_TIME_MS });
  await Promise.all([
    again.commit(moveMessages, { account, from: inbox, to: trash, uids: '2', nowMs: TEST_TIME_MS }),
    appendTexts(again, account, inbox, [sampleText(4), 'x'.repeat(20_000)]),
    again.commit(copyMessages, { account, from: inbox, to: trash, uids: '1', nowMs: TEST_TIME_MS }).catch(() => undefined),
  ]);
  await again.commit(expunge, { account, mailbox: trash, uids: '1', onlyDeleted: false, nowMs: TEST_TIME_MS });
  for (const file of journalFiles(folder.directory)) if (fs.existsSync(file)) fs.copyFileSync(file, file.replace(folder.directory, cut.directory));
  // A large body is synced before it is named.
  fs.cpSync(path.join(folder.directory, 'store', 'segments'), path.join(cut.directory, 'store', 'segments'), { recursive: true });
  await again[Symbol.asyncDispose]();

  assert.equal(countLostGroups(cut.directory), 4);
  const recovered = await open(cut.directory);
  await appendTexts(recovered, account, inbox, [sampleText(5)]);
  await recovered[Symbol.asyncDispose]();
  const kept = await open(folder.directory);
  await appendTexts(kept, account, inbox, [sampleText(5)]);
  await kept[Symbol.asyncDispose]();
  assert.equal(countLostGroups(cut.directory), 0);
  assert.deepEqual(await checkStore(cut.directory), []);
  assert.deepEqual(contents(cut.directory), contents(folder.directory));
});

test('after a kill the bodies are written once more, and nothing is done twice', async () => {
  using folder = temporary();
  const store = await open(folder.directory);
  const { account, inbox } = await makeAccount(store);
  await appendTexts(store, account, inbox, [sampleText(1), '']);
  using killed = temporary();
  fs.cpSync(folder.directory, killed.directory, { recursive: true });
  await store[Symbol.asyncDispose]();
  fs.truncateSync(segmentFile(killed.directory, 1), 0);
  for (let start = 0; start < 2; start++) await (await open(killed.directory))[Symbol.asyncDispose]();
  assert.deepEqual(await checkStore(killed.directory), []);
  assert.deepEqual(contents(killed.directory), contents(folder.directory));
});

test('what a journal has given back does not come back over bodies that were written to the same places since', () => {
  using folder = temporary();
  const { directory } = folder;
  openForWriting(directory)[Symbol.dispose]();
  // The body of a request for which there was no time in its group: no row names it, and its place is free again.
  fs.mkdirSync(path.dirname(journalFiles(directory)[1]));
  const record = new RecordWriter().write({ sequence: 1, cycle: 1, bodies: [{ blob: blobIdAt(1, 0), bytes: Buffer.from('OLD') }], statements: [note(1)] });
  fs.writeFileSync(journalFiles(directory)[1], record);
  {
    using connection = openForWriting(directory);
    fs.writeFileSync(segmentFile(directory, 1), 'NEW');
    connection.run(sql`INSERT INTO segment (segment, owner, size) VALUES (1, 'writer', 3)`);
  }
  openForWriting(directory)[Symbol.dispose]();
  assert.equal(fs.readFileSync(segmentFile(directory, 1), 'latin1'), 'NEW');
});

test('a statement that failed and was put up with is not done again', async () => {
  const putUp = defineMutation('test.putUp', function* () {
    try {
      yield* run(sql`INSERT INTO journal (id, applied) VALUES (1, 0)`);
    } catch {
      yield* run(note(7));
    }
  });
  using folder = temporary();
  openForWriting(folder.directory)[Symbol.dispose]();
  using cut = temporary();
  fs.cpSync(folder.directory, cut.directory, { recursive: true });
  const store = await openStore({ directory: folder.directory, inline: true, mutations: [putUp] as never });
  await store.commit(putUp, {});
  fs.cpSync(path.dirname(journalFiles(folder.directory)[0]), path.dirname(journalFiles(cut.directory)[0]), { recursive: true });
  await store[Symbol.asyncDispose]();
  using connection = openForWriting(cut.directory);
  assert.deepEqual(connection.rows(sql`SELECT email FROM orphan`), [[7]]);
});

test('bodies of requests that wait for their turn again and again come into the journal with the group that names them', async () => {
  using folder = temporary();
  const { directory } = folder;
  let arrive: (() => void) | undefined;
  /** Takes all the time that a group has; more than a group can hold arrives meanwhile. */
  const dawdle = defineMutation('test.dawdle', function* () {
    yield* one(sql`SELECT 1 AS yes`);
    for (const endMs = performance.now() + 30; performance.now() < endMs; );
    arrive?.();
  });
  const nothing = defineMutation('test.nothing', function* () {
    yield* one(sql`SELECT 1 AS yes`);
  });
  const store = await openStore({ directory, inline: true, mutations: [...STORE_MUTATIONS, dawdle, nothing] });
  const { account, inbox } = await makeAccount(store);
  const others: Promise<unknown>[] = [];
  arrive = () => {
    for (let n = 0; n < 600; n++) others.push(store.commit(nothing, { account: 1000 + n }));
  };
  const answers = await Promise.allSettled([
    store.commit(dawdle, { account: 999 }),
    // The one member of the next group changes nothing either.
    appendTexts(store, account, (inbox + 500) as never, [sampleText(0)]),
    ...[1, 2, 3].map((n) => appendTexts(store, account, inbox, [sampleText(n)])),
  ]);
  await Promise.all(others);
  assert.deepEqual(
    answers.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'fulfilled'],
  );
  const kept = readRecords(fs.readFileSync(journalFiles(directory)[0])).flatMap(({ bodies }) =>
    bodies.map(({ bytes }) => Buffer.from(bytes).toString('latin1')),
  );
  for (const n of [1, 2, 3]) assert.ok(kept.includes(sampleText(n)), `message ${n} is nowhere on the disk`);
  await store[Symbol.asyncDispose]();
});

test('what will be synced behind the answers is held from before the answer, and the names of files that were there are synced, too', () => {
  using folder = temporary();
  const { directory } = folder;
  openForWriting(directory)[Symbol.dispose]();
  const [file] = journalFiles(directory);
  fs.mkdirSync(path.dirname(file));
  fs.writeFileSync(file, '');
  const calls: string[] = [];
  const noted =
    <Args extends readonly [string | number, ...unknown[]], Result>(name: string, call: (...args: Args) => Result) =>
    (...args: Args): Result => {
      calls.push(`${name} ${typeof args[0] === 'string' ? path.basename(args[0]) : ''}`.trim());
      return call(...args);
    };
  const files: BodyFiles = {
    ...diskFiles,
    hold: noted('hold', (place: string) => diskFiles.hold(place)),
    write: noted('write', (descriptor: number, octets: readonly Uint8Array[], at: number) => diskFiles.write(descriptor, octets, at)),
    sync: noted('sync', (descriptor: number) => diskFiles.sync(descriptor)),
    syncDirectory: noted('sync', (place: string) => diskFiles.syncDirectory(place)),
  };
  using journal = new Journal({ directory, files, applied: 0, onFatal: (error) => assert.fail(String(error)) });
  fs.writeFileSync(segmentFile(directory, 1), 'body');
  journal.append([{ blob: blobIdAt(1, 0), bytes: Buffer.from('body') }], [note(1)]);
  assert.deepEqual(calls, ['sync store', 'sync journal', 'hold metadata.sqlite-wal', 'hold 00000001', 'write', 'sync']);
  journal.confirm();
});

test('where the disk is full when a journal is given back, the reserve is given up, and nothing is lost of the journal', () => {
  using folder = temporary();
  const { directory } = folder;
  openForWriting(directory)[Symbol.dispose]();
  const [file] = journalFiles(directory);
  const reserve = path.join(directory, 'store', 'reserve');
  fs.mkdirSync(path.dirname(file));
  fs.writeFileSync(reserve, 'room');
  const statements = Array.from({ length: 20_000 }, (_, n) => note(n));
  fs.writeFileSync(file, new RecordWriter().write({ sequence: 1, cycle: 1, bodies: [], statements }));
  {
    using connection = new Connection(metadataFile(directory));
    connection.pragma('max_page_count = 1');
    assert.throws(() => recoverJournal(directory, connection), /database or disk is full/);
  }
  assert.ok(!fs.existsSync(reserve));
  using connection = openForWriting(directory);
  assert.deepEqual(connection.rows(sql`SELECT count(*) FROM orphan`), [[statements.length]]);
  assert.equal(fs.statSync(file).size, 0);
});

test('a clean stop leaves an empty journal', async () => {
  using folder = temporary();
  const store = await open(folder.directory);
  const { account, inbox } = await makeAccount(store);
  await appendTexts(store, account, inbox, [sampleText(1)]);
  assert.ok(fs.statSync(journalFiles(folder.directory)[0]).size > 0);
  await store[Symbol.asyncDispose]();
  assert.equal(fs.statSync(journalFiles(folder.directory)[0]).size, 0);
});

test('a group that was taken back does not come back', () => {
  using house = openHouse();
  const { journal } = house;
  journal.append([], [note(1)]);
  journal.confirm();
  journal.append([], [note(2)]);
  journal.cancel();
  assert.deepEqual(house.recovered(), [1]);
  journal.append([], [note(3)]);
  journal.confirm();
  assert.deepEqual(house.recovered(), [1, 3]);
});

test('of a group that could not be synced and the one that came instead, the later holds', () => {
  using house = openHouse();
  const { journal } = house;
  journal.append([], [note(1)]);
  journal.confirm();
  house.failSync = true;
  // It may have reached the disk nevertheless.
  assert.throws(() => journal.append([], [note(2)]), /EIO/);
  house.failSync = false;
  // After a kill it does not come back, though it was written.
  assert.deepEqual(house.recovered(), [1]);
  journal.append([], [note(3)]);
  journal.confirm();
  assert.deepEqual(house.recovered(), [1, 3]);
});

test('a file is written again only when what it tells of has been synced, and nothing is missing at any moment', async () => {
  using house = openHouse({ fullBytes: 2000 });
  const { journal } = house;
  for (let n = 1; n <= 300; n++) {
    journal.append([{ blob: blobIdAt(1, n * 10), bytes: Buffer.from(`body ${n}`.padEnd(10)) }], [note(n)]);
    // What the database's log would lose was synced whenever a file began anew.
    const found = house.inJournal();
    assert.ok(house.hardenedUpTo() >= (found[0] ?? 0) - 1, `${found[0]} is the first, synced up to ${house.hardenedUpTo()}`);
    assert.equal(found[found.length - 1], n);
    journal.confirm();
    house.commit(n);
    if (n % 7 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
  }
  assert.ok(house.syncs > 5, `${house.syncs} times`);
  assert.ok(Math.max(...journalFiles(house.directory).map((file) => fs.statSync(file).size)) < 200_000);
});

test('a journal that begins behind its database is refused, with a word on what to do', () => {
  using house = openHouse();
  for (let n = 1; n <= 3; n++) {
    house.journal.append([], [note(n)]);
    house.journal.confirm();
  }
  // The first record is gone, the others are those of a database that has it.
  const [file] = journalFiles(house.directory);
  const octets = fs.readFileSync(file);
  const length = octets.readUInt32LE(8) + 12;
  fs.writeFileSync(file, octets.subarray(length));
  assert.throws(() => house.recovered(), /begins behind the database \(2, expected 1\).*move the journal away/);
});

function open(directory: string): Promise<Store> {
  return openStore({ directory, inline: true, mutations: STORE_MUTATIONS });
}

function temporary(): { readonly directory: string } & Disposable {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'capri-journal-'));
  return { directory, [Symbol.dispose]: () => fs.rmSync(directory, { recursive: true, force: true }) };
}

/** Every row of every table, and the octets of all segments. */
function contents(directory: string): unknown {
  using connection = new Connection(metadataFile(directory), { readonly: true });
  const tables = connection.rows<[string]>(sql`SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name`);
  const folder = path.join(directory, 'store', 'segments');
  return {
    rows: tables.filter(([name]) => !/^sqlite_|secret/.test(name)).map(([name]) => [name, connection.table(name)]),
    segments: fs.readdirSync(folder).map((name) => [name, fs.readFileSync(path.join(folder, name)).toString('latin1')]),
  };
}

function note(n: number): Statement {
  return sql`INSERT INTO orphan (email, since) VALUES (${n}, 0)`;
}

interface House extends Disposable {
  readonly directory: string;
  readonly journal: Journal;
  failSync: boolean;
  /** How often the log of the database was synced. */
  syncs: number;
  /** The numbers that a store opened now would have. */
  recovered(): readonly number[];
  /** Those that lie in the journal, in order, each following the one before it. */
  inJournal(): readonly number[];
  /** The last group whose commit had been written to the log when that was synced. */
  hardenedUpTo(): number;
  /** The database's log gets a group. */
  commit(n: number): void;
}

/** A journal beside a database that never hears of its groups. */
function openHouse(options: { readonly fullBytes?: number } = {}): House {
  const folder = temporary();
  const { directory } = folder;
  openForWriting(directory)[Symbol.dispose]();
  let committed = 0;
  let hardened = 0;
  const noteSync = (file: string): void => {
    if (!file.endsWith('-wal')) return;
    house.syncs++;
    hardened = committed;
  };
  const files: BodyFiles = {
    ...diskFiles,
    sync: (descriptor) => {
      diskFiles.sync(descriptor);
      if (house.failSync) throw Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' });
    },
    hold: (file) => ({
      sync: () => noteSync(file),
      syncLater: async () => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        noteSync(file);
      },
      release: () => undefined,
    }),
  };
  const journal = new Journal({ directory, files, applied: 0, onFatal: (error) => assert.fail(String(error)), ...options });
  const house: House = {
    directory,
    journal,
    failSync: false,
    syncs: 0,
    recovered: () => {
      using copy = temporary();
      fs.cpSync(directory, copy.directory, { recursive: true });
      using connection = openForWriting(copy.directory);
      return connection.rows<[number]>(sql`SELECT email FROM orphan ORDER BY email`).map(([n]) => n);
    },
    inJournal: () => {
      const records = journalFiles(directory).flatMap((file) => (fs.existsSync(file) ? readRecords(fs.readFileSync(file)) : []));
      const found = records.map(({ sequence }) => sequence).toSorted((a, b) => a - b);
      return found.slice(found.findLastIndex((sequence, index) => sequence !== (found[index - 1] ?? Number.NaN) + 1));
    },
    hardenedUpTo: () => hardened,
    commit: (n) => {
      committed = n;
    },
    [Symbol.dispose]: () => {
      journal[Symbol.dispose]();
      folder[Symbol.dispose]();
    },
  };
  return house;
}
