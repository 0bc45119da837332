/**
 * Import directions: a room may import only from rooms further left (docs/architecture.md "The house"). Prints each import that goes the wrong way.
 */
import fs from 'node:fs';
import path from 'node:path';

/** Rooms from left to right; those in one group may not import each other, but for the pairs in ALLOWED. */
const LAYERS: readonly (readonly string[])[] = [
  ['core'],
  ['log', 'config'],
  ['net', 'message'],
  ['authenticity', 'sieve', 'spam'],
  ['store'],
  ['directory'],
  ['sasl', 'trail'],
  ['delivery', 'queue', 'smtp/wire', 'smtp/client'],
  ['smtp/server', 'imap', 'pop3', 'managesieve', 'jmap'],
  ['http', 'acme', 'admin'],
  ['server'],
  ['cli'],
  ['main'],
];
/** `a imports b` inside one group, or beyond the line, each with its reason. */
const ALLOWED: ReadonlyMap<string, string> = new Map([
  ['delivery queue', 'accepting a message and queueing it are one mutation'],
  ['config log', 'the log level is a setting'],
  ['delivery smtp/wire', 'paths and addresses are written as the protocol writes them'],
  ['smtp/client queue', 'the client is the transport that the queue asks for'],
  ['queue smtp/wire', 'paths and addresses are written as the protocol writes them'],
  ['smtp/client smtp/wire', 'both sides of one protocol share its grammar'],
]);

const source = path.resolve(import.meta.dirname, '../../server/src');
const rank = new Map(LAYERS.flatMap((rooms, index) => rooms.map((room) => [room, index] as const)));
const problems: string[] = [];

for (const file of fs.globSync('**/*.ts', { cwd: source })) {
  if (file.endsWith('.test.ts')) continue;
  const from = roomOf(file);
  const own = rank.get(from);
  if (own === undefined) problems.push(`${file}: the room ${from} has no place in the layers`);
  for (const [, target = ''] of fs.readFileSync(path.join(source, file), 'utf8').matchAll(/(?:from|import\()\s*'([#.][^']+)'/g)) {
    const resolved = target.startsWith('#') ? target.slice(1) : path.join(path.dirname(file), target);
    const to = roomOf(resolved);
    const other = rank.get(to);
    if (to === from || ALLOWED.has(`${from} ${to}`)) continue;
    if (resolved.startsWith('..')) problems.push(`${file}: imports ${target}, outside the source`);
    else if (other === undefined || own === undefined || other >= own) problems.push(`${file}: ${from} may not import ${to} (${target})`);
  }
}

for (const problem of problems) process.stdout.write(`${problem}\n`);
process.exit(problems.length === 0 ? 0 : 1);

function roomOf(file: string): string {
  const [first = '', second = ''] = file.split(path.sep);
  if (first === 'main.ts') return 'main';
  return first === 'smtp' ? `${first}/${second}` : first;
}
