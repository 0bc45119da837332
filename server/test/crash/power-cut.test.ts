/**
 * Random changes on a simulated disk that loses its power again and again: in the middle of a write, before or behind a sync, during recovery. What is opened then must be,
 * row by row and octet by octet, what it was after the last group that was answered for, or after the one that was under way. The next round goes on with what was recovered.
 *
 * CAPRI_TEST_KILLS sets how often (npm test: few; `npm run test:crash`: many), CAPRI_TEST_SEED the random choices.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { type AccountId, accountOf, type BlobId, type MailboxId } from '#core/ids.ts';
import { mulberry } from '../support/random.ts';
import { SimulatedDisk, type Survival } from '../support/simulated-disk.ts';
import { preparedLike, sampleText, TEST_TIME_MS } from '../support/store.ts';
import { createAccountMail } from '#store/account-mail.ts';
import { append } from '#store/append.ts';
import { firstPlace, segmentFile } from '#store/blobs/layout.ts';
import { checkStore } from '#store/check.ts';
import { copyMessages, moveMessages } from '#store/copy-messages.ts';
import { expunge } from '#store/expunge.ts';
import { destroyOrphans, freeBodies, markEmptied, markRemoved, moveBodies, sealSegments } from '#store/housekeeping-mutations.ts';
import { defineMutation } from '#store/mutation.ts';
import { STORE_MUTATIONS } from '#store/mutations.ts';
import { openForWriting } from '#store/open.ts';
import { one, sql } from '#store/sql.ts';
import type { Connection } from '#store/sqlite/driver.ts';
import type { Answer, Request } from '#store/sqlite/protocol.ts';
import type { WriterClient } from '#store/sqlite/group.ts';
import { Writer } from '#store/sqlite/writer.ts';
import { updateFlags } from '#store/update-flags.ts';

const kills = Number(process.env['CAPRI_TEST_KILLS'] ?? 25);
const seed = Number(process.env['CAPRI_TEST_SEED'] ?? Date.now() % 1_000_000);
const CUTS = kills >= 1000 ? 3000 : kills;
const CUTS_A_ROUND = 4;
/** A store goes on from what a cut has left so often; then there is a new one, because whole stores are compared and each round makes them larger. */
const ROUNDS_A_STORE = 20;
const ACCOUNTS = [1, 2] as AccountId[];
const SEGMENT_BYTES = 60_000;
const JOURNAL_BYTES = 12_000;

/** Changes nothing, and takes so long that the others of its group must wait for the next one. */
const dawdle = defineMutation('test.dawdle', function* () {
  yield* one(sql`SELECT 1 AS yes`);
  for (const endMs = performance.now() + 25; performance.now() < endMs; );
});

test('a store whose disk loses its power again and again has everything that was answered for', { timeout: 60_000 + CUTS * 2000 }, async (t) => {
  t.diagnostic(`seed ${seed}, ${CUTS} cuts`);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'capri-cuts-'));
  const random = mulberry(seed);
  try {
    let directory = path.join(folder, 'new');
    let world = new World(random);
    for (let round = 0, cuts = 0; cuts < CUTS; round++) {
      if (round % ROUNDS_A_STORE === 0) {
        fs.rmSync(directory, { recursive: true, force: true });
        world = new World(random);
      }
      const live = new LiveStore(directory, world, path.join(folder, String(round)));
      await live.run();
      cuts += live.cuts.length;
      try {
        for (const cut of live.cuts) await verify(cut, live, random);
      } catch (error) {
        throw new Error(`seed ${seed}, round ${round}`, { cause: error });
      }
      live.end();
      const last = live.cuts[live.cuts.length - 1];
      if (last) {
        fs.rmSync(directory, { recursive: true, force: true });
        directory = last.directory;
      }
      for (const cut of live.cuts) if (cut !== last) fs.rmSync(cut.directory, { recursive: true, force: true });
    }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
});

interface Cut {
  /** What the power cut left. */
  readonly directory: string;
  readonly survival: string;
  /** Groups answered for by then. */
  readonly groups: number;
}

/** Opens what a cut has left, twice with a cut in between, and compares. */
async function verify(cut: Cut, live: LiveStore, random: () => number): Promise<void> {
  const copy = `${cut.directory}-copy`;
  const interrupted = `${cut.directory}-interrupted`;
  fs.cpSync(cut.directory, copy, { recursive: true });
  const allowed = [live.states[cut.groups], live.states[cut.groups + 1]].filter((state) => state !== undefined);
  const compare = async (directory: string, how: string): Promise<void> => {
    const told = `${how}, ${cut.survival}, behind group ${cut.groups}`;
    let connection: Connection;
    try {
      connection = openForWriting(directory);
    } catch (error) {
      throw new Error(`${told}: not opened`, { cause: error });
    }
    const state = stateOf(connection);
    const wrong = live.world.wrongBodies(directory, connection);
    connection[Symbol.dispose]();
    if (!allowed.includes(state)) assert.equal(state, allowed[0], told);
    assert.deepEqual(wrong, [], told);
    assert.deepEqual(await checkStore(directory), [], told);
  };
  await compare(copy, 'opened');
  // A cut during recovery: the segments are written to first, and the journal is emptied last.
  const pick = random() < 0.5 ? 'segments' : 'journal';
  fs.cpSync(pick === 'segments' ? cut.directory : copy, interrupted, { recursive: true });
  for (const name of fs.readdirSync(path.join(copy, 'store', pick))) {
    const [before, after] = [cut.directory, copy].map((from) => path.join(from, 'store', pick, name)) as [string, string];
    if (!fs.existsSync(before)) continue;
    const target = path.join(interrupted, 'store', pick, name);
    if (pick === 'journal') {
      if (random() < 0.6) fs.copyFileSync(before, target);
    } else fs.writeFileSync(target, live.disk.mixed(fs.readFileSync(before), fs.readFileSync(after), 'some'));
  }
  await compare(interrupted, `opened again after a cut in recovery (${pick})`);
  for (const directory of [copy, interrupted]) fs.rmSync(directory, { recursive: true, force: true });
}

/** A store that works on a simulated disk, and is cut now and then. */
class LiveStore {
  readonly cuts: Cut[] = [];
  /** The state after each group. */
  readonly states: string[] = [];
  readonly world: World;
  readonly disk: SimulatedDisk;
  readonly #connection: Connection;
  readonly #writer: Writer;
  readonly #folder: string;
  readonly #cutEvery: number;
  readonly #random: () => number;
  readonly #client: WriterClient = { deliver: ({ answers }) => this.#answers?.(answers) };
  #steps = 0;
  #hasEnded = false;
  #answers: ((answers: readonly Answer[]) => void) | undefined;
  #next = 1;

  constructor(directory: string, world: World, folder: string) {
    this.world = world;
    this.#random = world.random;
    this.#folder = folder;
    this.#cutEvery = 5 + Math.floor(this.#random() * 40);
    this.#connection = openForWriting(directory);
    this.#connection.pragma('wal_autocheckpoint = 0');
    this.disk = new SimulatedDisk(directory, this.#random, () => this.#step());
    this.#writer = new Writer({
      directory,
      connection: this.#connection,
      mutations: [...STORE_MUTATIONS, dawdle] as never,
      files: this.disk.files,
      segmentBytes: SEGMENT_BYTES,
      journalBytes: JOURNAL_BYTES,
      freeSpaceMarkBytes: 0,
      onFailure: () => undefined,
      onFatal: (error) => assert.fail(String(error)),
      afterCommit: () => this.states.push(stateOf(this.#connection)),
    });
    this.#writer.addClient(this.#client);
    this.states.push(stateOf(this.#connection));
  }

  async run(): Promise<void> {
    for (let group = 0; group < 60 && this.cuts.length < CUTS_A_ROUND; group++) {
      if (this.#random() < 0.08) this.disk.checkpoint(() => this.#connection.pragma('wal_checkpoint(PASSIVE)'));
      if (this.#random() < 0.05) this.disk.writesToFail = 1 + Math.floor(this.#random() * 4);
      const made = this.world.makeRequests(this.disk.directory, this.#connection);
      const answers = await this.#submit(made.map(({ request }, index) => ({ ...request, id: this.#next + index })));
      this.disk.writesToFail = 0;
      for (const [index, { after }] of made.entries()) {
        const answer = answers.get(this.#next + index);
        if (answer?.[1] === true) after?.(answer[2]);
        // Nothing is wrong but what the disk has refused, and what was asked for on purpose.
        else if (answer?.[1] === false && answer[2].code === 'bug') assert.fail(answer[2].stack ?? answer[2].message);
      }
      this.#next += made.length;
      if (this.#random() < 0.3) await new Promise((resolve) => setTimeout(resolve, 2));
    }
    // The cuts of a clean stop are among them, too.
    if (this.#random() < 0.3) this.#writer.stop();
    this.#take();
  }

  /** Ends it without a clean stop: nothing is made durable any more. */
  end(): void {
    this.#hasEnded = true;
    this.#connection[Symbol.dispose]();
    this.disk.close();
  }

  async #submit(requests: readonly Request[]): Promise<ReadonlyMap<number, Answer>> {
    const answers = new Map<number, Answer>();
    await new Promise<void>((resolve) => {
      this.#answers = (given) => {
        for (const answer of given) answers.set(answer[0], answer);
        if (answers.size === requests.length) resolve();
      };
      this.#writer.submit(this.#client, { owner: 'test', requests });
    });
    return answers;
  }

  #step(): void {
    if (!this.#hasEnded && ++this.#steps % this.#cutEvery === 0 && this.cuts.length < CUTS_A_ROUND) this.#take();
  }

  #take(): void {
    const kinds: readonly Survival[] = ['nothing', 'everything', 'some', 'some'];
    const any = (): Survival => kinds[Math.floor(this.#random() * kinds.length)] as Survival;
    const choice = this.#random();
    const survival =
      choice < 0.15
        ? ({ journal: 'everything', segments: 'everything', log: 'everything' } as const)
        : choice < 0.3
          ? ({ journal: 'some', segments: 'nothing', log: 'nothing' } as const)
          : { journal: any(), segments: any(), log: any() };
    const directory = path.join(`${this.#folder}-${this.cuts.length}`);
    this.disk.cut(directory, survival);
    this.cuts.push({ directory, survival: JSON.stringify(survival), groups: this.states.length - 1 });
  }
}

interface Made {
  readonly request: Omit<Request, 'id'>;
  /** With the result, after it was answered for. */
  readonly after?: (result: unknown) => void;
}

interface Box {
  readonly account: AccountId;
  readonly mailbox: MailboxId;
  readonly next: number;
}

/** Makes changes up, and remembers every body. */
class World {
  readonly random: () => number;
  readonly #bodies = new Map<BlobId, Buffer>();
  #texts = 0;

  constructor(random: () => number) {
    this.random = random;
  }

  makeRequests(directory: string, connection: Connection): readonly Made[] {
    const boxes = connection
      .rows<[MailboxId, number]>(sql`SELECT mailbox, uidnext FROM mailbox WHERE name IN ('INBOX', 'Trash') ORDER BY mailbox`)
      .map(([mailbox, next]): Box => ({ account: accountOf(mailbox), mailbox, next }));
    if (boxes.length === 0)
      return ACCOUNTS.map((account) => ({ request: { name: createAccountMail.name, args: { account, nowMs: TEST_TIME_MS }, bodies: [] } }));
    const count = 1 + this.#below(this.random() < 0.2 ? 14 : 4);
    return Array.from({ length: count }, () => this.#make(directory, connection, boxes));
  }

  /** Bodies that are not what was brought. */
  wrongBodies(directory: string, connection: Connection): readonly string[] {
    const rows = connection.rows<[BlobId, number, number | null, number | null]>(sql`SELECT blob, length, segment, place FROM blob`);
    return rows.flatMap(([blob, length, segment, place]) => {
      const first = firstPlace(blob);
      const octets = readAt(directory, segment ?? first.segment, place ?? first.offset, length);
      return this.#bodies.get(blob)?.equals(octets) === true ? [] : [`body ${blob} of ${length} octets`];
    });
  }

  #make(directory: string, connection: Connection, boxes: readonly Box[]): Made {
    const box = boxes[this.#below(boxes.length)] as Box;
    const other = boxes.find(({ account, mailbox }) => account === box.account && mailbox !== box.mailbox) ?? box;
    const { account, mailbox } = box;
    const first = 1 + this.#below(box.next);
    const uids = `${first}:${first + this.#below(6)}`;
    const nowMs = TEST_TIME_MS;
    const choice = this.random();
    if (choice < 0.45) return this.#append(connection, box);
    if (choice < 0.5) return this.#append(connection, { ...box, mailbox: (mailbox + 500) as MailboxId });
    if (choice < 0.62)
      return plain(updateFlags.name, { account, mailbox, uids, nowMs, change: { mode: 'replace', flags: this.#below(32), keywords: [`$k${this.#below(5)}`] } });
    if (choice < 0.69) return plain(copyMessages.name, { account, from: mailbox, to: other.mailbox, uids, nowMs });
    if (choice < 0.76) return plain(moveMessages.name, { account, from: mailbox, to: other.mailbox, uids, nowMs });
    if (choice < 0.86) return plain(expunge.name, { account, mailbox, uids, onlyDeleted: false, nowMs });
    if (choice < 0.88) return plain(dawdle.name, { account });
    return this.#keepHouse(directory, connection);
  }

  #append(connection: Connection, { account, mailbox }: Box): Made {
    const texts = Array.from({ length: this.random() < 0.8 ? 1 : 3 }, () => this.#text());
    const made = texts.map((text) => preparedLike(text, { threadHashes: [this.#below(40)] }));
    const messages = made.map(({ message }) => ({ message, flags: this.#below(32), keywords: [], receivedAtMs: TEST_TIME_MS }));
    return {
      request: { name: append.name, args: { account, mailbox, nowMs: TEST_TIME_MS, messages }, bodies: made.map(({ bytes }) => ({ bytes })) },
      after: (result) => {
        for (const [index, { email }] of (result as readonly { readonly email: number }[]).entries()) {
          const row = connection.one<{ blob: BlobId }>(sql`SELECT blob FROM message WHERE email = ${email}`);
          if (row) this.#bodies.set(row.blob, Buffer.from(texts[index] as string, 'latin1'));
        }
      },
    };
  }

  #text(): string {
    const sizes = [0, 1, 200, 511, 512, 1500, 1500, 4096, 9000, 16_384, 16_385, 40_000];
    const size = sizes[this.#below(sizes.length)] as number;
    return sampleText(++this.#texts)
      .concat(`${this.#texts} `.repeat(Math.ceil(size / 2)))
      .slice(0, size);
  }

  /** Forgets what was expunged, and takes segments away, without the grace that sessions are given. */
  #keepHouse(directory: string, connection: Connection): Made {
    const limits = { before: TEST_TIME_MS + 1, limit: 50, nowMs: TEST_TIME_MS };
    const segments = connection.rows<[number, string]>(sql`SELECT segment, state FROM segment WHERE state IN ('sealed', 'emptied')`);
    const [segment, state] = segments[this.#below(segments.length)] ?? [undefined, undefined];
    const choice = this.#below(segment === undefined ? 3 : 6);
    if (choice === 0) return plain(destroyOrphans.name, limits);
    if (choice === 1) return plain(freeBodies.name, limits);
    if (choice === 2 || segment === undefined) return plain(sealSegments.name, { fromBytes: SEGMENT_BYTES, nowMs: TEST_TIME_MS });
    if (state === 'emptied') {
      return {
        ...plain(markRemoved.name, { segment, nowMs: TEST_TIME_MS }),
        after: (isRemoved) => {
          if (isRemoved === true) fs.rmSync(segmentFile(directory, segment), { force: true });
        },
      };
    }
    const places: number[] = [];
    const octets: Buffer[] = [];
    let at = 0;
    const found = connection.rows<[BlobId, number, number | null, number | null]>(sql`SELECT blob, length, segment, place FROM blob ORDER BY blob`);
    for (const [blob, length, moved, place] of found) {
      const own = firstPlace(blob);
      if ((moved ?? own.segment) !== segment || places.length >= 20) continue;
      places.push(blob, at);
      octets.push(readAt(directory, segment, place ?? own.offset, length));
      at += length;
    }
    if (places.length === 0) return plain(markEmptied.name, { segment, nowMs: TEST_TIME_MS });
    return { request: { name: moveBodies.name, args: { from: segment, places }, bodies: [{ bytes: Buffer.concat(octets) }] } };
  }

  #below(limit: number): number {
    return Math.floor(this.random() * limit);
  }
}

function plain(name: string, args: unknown): Made {
  return { request: { name, args, bodies: [] } };
}

function readAt(directory: string, segment: number, place: number, length: number): Buffer {
  const file = segmentFile(directory, segment);
  return fs.existsSync(file) ? fs.readFileSync(file).subarray(place, place + length) : Buffer.alloc(0);
}

/** Every row of every table; what opening itself changes is left out (it seals segments). */
function stateOf(connection: Connection): string {
  const tables = connection.rows<[string]>(sql`SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name`);
  const rows = tables.filter(([name]) => !/^sqlite_|secret|schema_version/.test(name)).map(([name]) => [name, connection.table(name)]);
  return JSON.stringify(rows).replaceAll('"state":"sealed"', '"state":"open"');
}
