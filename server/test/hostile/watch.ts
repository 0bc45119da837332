/** What must stay true of the server while somebody mistreats it: others get prompt answers, memory stays bounded, no programming error shows. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestServer } from '../support/server.ts';
import { signedIn, type Wire } from './wire.ts';

/** Others may have to wait so long for an answer: much on an idle machine, little on one that runs other tests beside. */
const PROMPT_MS = 2000;
const OTHERS = 3;
const MEBIBYTE = 2 ** 20;

export interface Bounds {
  /** By how much the server's memory may grow meanwhile. */
  readonly growthMebibytes: number;
}

/** Runs `mistreat` while healthy clients on several threads go on working, and checks that they, the memory and the log stay as they should. */
export async function unnoticed(server: TestServer, { growthMebibytes }: Bounds, mistreat: () => Promise<void>): Promise<void> {
  const others = await Promise.all(Array.from({ length: OTHERS }, () => signedIn(server, 'imaps', 'healthy')));
  const before = residentBytes(server);
  const watched = { isOver: false, peak: before, slowestMs: 0 };
  const watching = [...others.map((other) => keepAsking(other, watched)), keepMeasuring(server, watched)];
  try {
    await mistreat();
  } finally {
    watched.isOver = true;
    await Promise.all(watching);
    for (const other of others) other.close();
  }
  assert.ok(watched.slowestMs < PROMPT_MS, `another client waited ${Math.round(watched.slowestMs)} ms`);
  const growth = Math.round((watched.peak - before) / MEBIBYTE);
  assert.ok(growth <= growthMebibytes, `memory grew by ${growth} MiB, of which ${growthMebibytes} are allowed`);
  assertNoBug(server);
}

interface Watched {
  isOver: boolean;
  peak: number;
  slowestMs: number;
}

async function keepAsking(other: Wire, watched: Watched): Promise<void> {
  for (let count = 0; !watched.isOver; count++) {
    const askedMs = performance.now();
    other.send(`h${count} STATUS INBOX (MESSAGES UNSEEN)\r\n`);
    await other.take(new RegExp(`^h${count} OK .*\\r\\n`, 'm'));
    watched.slowestMs = Math.max(watched.slowestMs, performance.now() - askedMs);
    await sleep(20);
  }
}

async function keepMeasuring(server: TestServer, watched: Watched): Promise<void> {
  while (!watched.isOver) {
    watched.peak = Math.max(watched.peak, residentBytes(server));
    await sleep(20);
  }
}

export function residentBytes(server: TestServer): number {
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(fs.readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1];
  return Number(kibibytes) * 1024;
}

/** Nothing that a client does is a programming error. */
export function assertNoBug(server: TestServer): void {
  const bugs = events(server).filter(({ level, event }) => level === 'error' || event === 'server.bug' || event === 'server.worker.died');
  assert.deepEqual(bugs, []);
}

/** The lines of the log. */
export function events(server: TestServer): ReadonlyArray<Readonly<Record<string, unknown>>> {
  return server
    .log()
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
}

/** Waits until the log has such a line. */
export async function logged(server: TestServer, wanted: Readonly<Record<string, unknown>>): Promise<void> {
  const isWanted = (line: Readonly<Record<string, unknown>>): boolean => Object.entries(wanted).every(([name, value]) => line[name] === value);
  for (let tries = 0; tries < 100; tries++) {
    if (events(server).some(isWanted)) return;
    await sleep(50);
  }
  assert.fail(`no line of the log has ${JSON.stringify(wanted)}`);
}
