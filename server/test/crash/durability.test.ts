/**
 * Durability beyond the page cache, which kill -9 leaves standing. One run of the server under strace gives both proofs:
 *
 * (a) no positive reply to a change leaves before what it changed was synced: when it is written, no octet of the journal or of a segment that a thread streams into
 *     is unsynced (the journal keeps what lies in the database's log and in the writer's segment), no new file is without its directory's sync, and something was
 *     synced since the command came;
 * (b) the data directory as a power cut at any moment could leave it opens, checks clean and holds every change acknowledged by then: with all that was written and not
 *     synced, with nothing of it, with any sectors of it.
 *
 * Without the sync of the journal (store/journal/journal.ts) both fail: docs/durability.md.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { before, test } from 'node:test';
import { metadataFile, segmentFile } from '#store/blobs/layout.ts';
import { sql } from '#store/sql.ts';
import { Connection } from '#store/sqlite/driver.ts';
import { ImapClient, Pop3Client, SmtpClient } from '../support/line-client.ts';
import { needs, program } from '../support/outside.ts';
import { mulberry } from '../support/random.ts';
import { startServer } from '../support/server.ts';
import { DiskImage } from './disk-image.ts';
import { CALLS, readSystemCalls, type SystemCall } from './system-calls.ts';
import { inventory } from './workload.ts';

const kills = Number(process.env['CAPRI_TEST_KILLS'] ?? 25);
const seed = Number(process.env['CAPRI_TEST_SEED'] ?? Date.now() % 1_000_000);
const CUTS = kills >= 1000 ? 120 : 12;
const ROUNDS = 24;
const ACCOUNT = 'ala';
const options = { ...needs(program('strace')), timeout: 600_000 };

/** An acknowledged state of a message: at `to` it was there. Between `from` and `to` the command was under way. Seconds since 1970. */
interface Acknowledged {
  readonly token: string;
  readonly state: string;
  readonly from: number;
  readonly to: number;
}

interface Recording {
  /** The data directory as it was before the traced run. */
  readonly before: string;
  readonly data: string;
  readonly calls: readonly SystemCall[];
  readonly history: readonly Acknowledged[];
  readonly domain: string;
  readonly ports: readonly number[];
}

let recording: Recording;

before(async () => {
  if (options.skip === false) recording = await record();
});

test('no positive reply leaves before its change is synced', options, () => {
  const { data, before: start, calls, history, ports } = recording;
  const disk = new DiskImage(start, data);
  const writersOwn = segmentsOfWriter(data);
  const isStore = (file: string): boolean => file.includes('/journal/') || (file.includes('/segments/') && !writersOwn.has(path.basename(file)));
  const isLateSynced = (file: string): boolean => file.endsWith('-wal') || writersOwn.has(path.basename(file));
  const early: string[] = [];
  let syncs = 0;
  let checked = 0;
  for (const call of calls) {
    disk.apply(call);
    if (isSync(call) && isStore(call.target)) syncs++;
    if (!isReply(call, ports)) continue;
    const change = history.find(({ from, to }) => call.began >= from && call.began <= to);
    if (!change) continue;
    const isSyncedMeanwhile = (file: string): boolean =>
      calls.some((sync) => isSync(sync) && sync.target === file && sync.ended >= change.from && sync.ended <= call.began);
    // What was written behind a sync that the change can have waited for is the work of the server's own that follows it.
    const unsynced = [...disk.unsynced(isStore).filter((file) => !isSyncedMeanwhile(file)), ...disk.unnamed(isLateSynced)];
    // The line DATA and the continuation of a literal are answered before there is anything to sync: only the last reply of a command acknowledges it.
    const isLast = !calls.some((later) => later.began > call.began && later.began <= change.to && isReply(later, ports));
    if (!isLast) continue;
    checked++;
    if (unsynced.length > 0) early.push(`${change.token} ${change.state}: ${unsynced.map((file) => path.basename(file)).join(', ')} not synced`);
    if (!calls.some((sync) => isSync(sync) && isStore(sync.target) && sync.ended >= change.from && sync.ended <= call.began + 1e-6))
      early.push(`${change.token} ${change.state}: nothing was synced for it`);
  }
  assert.deepEqual(early, []);
  assert.equal(checked, history.length, 'every acknowledgement was seen');
  assert.ok(syncs > ROUNDS, `only ${syncs} syncs were seen`);
});

/** How much of what was not synced a power cut leaves, by turns. */
const SURVIVALS: readonly { readonly name: string; readonly survives: (random: () => number, file: string) => boolean }[] = [
  { name: 'what was not synced is gone', survives: () => false },
  { name: 'any sectors survive', survives: (random) => random() < 0.5 },
  { name: 'any sectors of the journal survive', survives: (random, file) => file.includes('/journal/') && random() < 0.5 },
  { name: 'most sectors survive', survives: (random) => random() < 0.95 },
  { name: 'everything survives', survives: () => true },
  { name: 'any sectors of all but the journal survive', survives: (random, file) => !file.includes('/journal/') && random() < 0.5 },
];

test(`whatever a power cut leaves at any moment holds everything acknowledged by then (seed ${seed})`, options, async (t) => {
  const { data, before: start, calls, history, domain } = recording;
  const random = mulberry(seed);
  const syncs = calls.flatMap((call, index) => (isSync(call) && call.target.startsWith(data) ? [index] : []));
  const writes = calls.flatMap((call, index) => (/^(p?writev?|pwrite64|ftruncate)$/.test(call.name) && call.target.startsWith(data) ? [index] : []));
  const disk = new DiskImage(start, data);
  let applied = 0;
  // Where nothing survives, what lies behind a sync is what counts; else also what was written since.
  const points = Array.from({ length: CUTS }, (_, cut) => {
    const moments = cut % 2 === 0 ? syncs : writes;
    return moments[Math.min(moments.length - 1, Math.floor(((cut + random()) / CUTS) * moments.length))] ?? 0;
  }).toSorted((a, b) => a - b);
  for (const [cut, point] of points.entries()) {
    for (; applied <= point; applied++) disk.apply(calls[applied] as SystemCall);
    const { name, survives } = SURVIVALS[cut % SURVIVALS.length] as (typeof SURVIVALS)[number];
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'capri-cut-'));
    try {
      disk.materialize(path.join(directory, 'data'), (file) => survives(random, file));
      await using server = await startServer({ directory, domain });
      const found = await inventory(
        { smtpPort: server.ports.smtp, imapsPort: server.ports.imaps, pop3sPort: server.ports.pop3s, domain, password: server.password },
        ACCOUNT,
      );
      assert.deepEqual(missing(found, history, calls[point] as SystemCall), [], `cut ${cut + 1}: ${name}, at call ${point} of ${calls.length}, seed ${seed}`);
      assert.equal(await server.stop(), 0);
      assert.deepEqual(await server.check(), [], `cut ${cut + 1}: ${name}`);
    } finally {
      fs.rmSync(directory, { recursive: true, force: true });
    }
  }
  t.diagnostic(`${CUTS} cuts among ${syncs.length} syncs and ${writes.length} writes, ${history.length} acknowledged changes, seed ${seed}`);
});

function isSync(call: SystemCall): boolean {
  return /^f(data)?sync$/.test(call.name);
}

/** The files of the segments that the writer appends to. */
function segmentsOfWriter(data: string): ReadonlySet<string> {
  using connection = new Connection(metadataFile(data), { readonly: true });
  return new Set(
    connection.rows<[number]>(sql`SELECT segment FROM segment WHERE owner = 'writer'`).map(([segment]) => path.basename(segmentFile(data, segment))),
  );
}

/** For each message: its state must be the last one acknowledged before the call, or one that was under way while it lasted. */
function missing(found: ReadonlyMap<string, readonly string[]>, history: readonly Acknowledged[], { began, ended }: SystemCall): string[] {
  const tokens = new Set(history.map(({ token }) => token));
  return [...tokens].flatMap((token) => {
    const states = history.filter((change) => change.token === token);
    const settled = states.findLast(({ to }) => to < began)?.state ?? 'absent';
    const open = states.filter(({ from, to }) => from <= ended && to >= began).map(({ state }) => state);
    const there = found.get(token) ?? [];
    const state = there[0] ?? 'absent';
    return there.length <= 1 && (state === settled || open.includes(state))
      ? []
      : [`${token} is ${there.join(' and ') || 'absent'}, acknowledged was ${settled}`];
  });
}

/** Drives the server under strace, one command after the other, and reads the trace. */
async function record(): Promise<Recording> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'capri-traced-'));
  const trace = path.join(directory, 'trace');
  process.on('exit', () => fs.rmSync(directory, { recursive: true, force: true }));
  // The store is made by a first run; what is traced begins with a copy of it.
  const first = await startServer({ directory, accounts: [ACCOUNT] });
  assert.equal(await first.stop(), 0);
  const data = path.join(directory, 'data');
  const start = path.join(directory, 'before');
  fs.cpSync(data, start, { recursive: true });
  const history: Acknowledged[] = [];
  const wrapper = ['strace', '-f', '--seccomp-bpf', '-ttt', '-yy', '-xx', '-s', '8388608', '-e', `trace=${CALLS}`, '-e', 'signal=none', '-o', trace];
  const server = await startServer({ directory, domain: first.domain, wrapper });
  const change = async (token: string, state: string, work: () => Promise<{ readonly isOk: boolean }>): Promise<void> => {
    const from = Date.now() / 1000;
    const { isOk } = await work();
    assert.ok(isOk, `${token} ${state} was refused`);
    history.push({ token, state, from: from - 0.001, to: Date.now() / 1000 + 0.001 });
  };
  const address = `${ACCOUNT}@${server.domain}`;
  const smtp = await SmtpClient.connect(server.ports.smtp, { tls: false });
  const imap = await ImapClient.connect(server.ports.imaps, ACCOUNT, server.password);
  await imap.command('SELECT INBOX');
  for (let round = 0; round < ROUNDS; round++) {
    const [a, b] = [`r${round}a`, `r${round}b`];
    await change(a, 'INBOX', () => smtp.deliver('sender@outside.example', [address], message(a, round % 6 === 5 ? 200_000 : 2000)));
    await change(b, 'INBOX', () => imap.command('APPEND INBOX', message(b, round % 8 === 7 ? 150_000 : 500)));
    await imap.command('NOOP');
    const uidOf = async (token: string): Promise<string> => / (\d+)$/.exec((await imap.command(`UID SEARCH SUBJECT ${token}`)).untagged[0] ?? '')?.[1] ?? '0';
    const uid = await uidOf(a);
    await change(a, 'INBOX flagged', async () => imap.command(`UID STORE ${uid} +FLAGS.SILENT (\\Flagged)`));
    if (round % 3 === 0) await change(a, 'Archive flagged', async () => imap.command(`UID MOVE ${uid} Archive`));
    if (round % 3 === 1) {
      await imap.command(`UID STORE ${uid} +FLAGS.SILENT (\\Deleted)`);
      await change(a, 'absent', async () => imap.command('EXPUNGE'));
    }
    if (round % 6 === 4) {
      const pop3 = await Pop3Client.connect(server.ports.pop3s, ACCOUNT, server.password);
      await pop3.command('DELE 1');
      const { lines } = await pop3.command('TOP 2 0', { multiline: true });
      assert.ok(lines.length > 1);
      const gone = /Subject: (\w+)/.exec((await pop3.command('TOP 1 0', { multiline: true })).lines.join('\n'))?.[1];
      assert.equal(gone, undefined, 'a deleted message is not shown');
      const oldest = history.find(
        ({ token, state }) => state.startsWith('INBOX') && !history.some((other) => other.token === token && /Archive|absent/.test(other.state)),
      );
      await change(oldest?.token ?? '', 'absent', () => pop3.command('QUIT'));
      pop3.close();
    }
  }
  smtp.close();
  imap.close();
  assert.equal(await server.stop(), 0);
  return { before: start, data, calls: await readSystemCalls(trace), history, domain: server.domain, ports: Object.values(server.ports) };
}

function isReply(call: SystemCall, ports: readonly number[]): boolean {
  return /^(write|writev|sendmsg|sendto)$/.test(call.name) && call.target.startsWith('TCP:[') && ports.some((port) => call.target.includes(`:${port}->`));
}

function message(token: string, size: number): string {
  const lines = Array.from({ length: Math.ceil(size / 72) }, () => 'x'.repeat(70));
  return [
    `From: sender@outside.example`,
    `Subject: ${token}`,
    `Message-ID: <${token}@outside.example>`,
    'Date: Mon, 23 Nov 2026 12:00:00 +0000',
    '',
    ...lines,
    '',
  ].join('\r\n');
}
