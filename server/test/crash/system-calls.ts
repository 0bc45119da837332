/**
 * Reads what strace wrote of a server: which octets went to which file, when a sync of that file began and ended, when a reply left on a socket.
 * Expects `strace -f -ttt -yy -xx -s <large> -e trace=<CALLS>`.
 */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

/** The calls that can change or sync a file, or write to a socket. */
export const CALLS =
  'openat,write,writev,pwrite64,pwritev,ftruncate,fallocate,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,sendmsg,sendto';

export interface SystemCall {
  readonly name: string;
  /** Seconds since 1970, as strace saw the call begin and return. */
  readonly began: number;
  ended: number;
  /** The file or socket of the descriptor: `/path`, or `TCP:[local->remote]`. */
  readonly target: string;
  /** What was written, where the call writes. */
  readonly data: Buffer | undefined;
  /** File offset of a positioned write; undefined for one at the descriptor's own position. */
  readonly offset: number | undefined;
  /** Strings among the arguments: paths of openat, rename, unlink, mkdir. */
  readonly paths: readonly string[];
  readonly flags: string;
  result: number;
}

/** Every successful call in the order in which they returned. */
export async function readSystemCalls(file: string): Promise<SystemCall[]> {
  const calls: SystemCall[] = [];
  const unfinished = new Map<string, { began: number; text: string }>();
  for await (const line of createInterface({ input: createReadStream(file, 'latin1') })) {
    // The process id is padded to five columns.
    const space = line.indexOf(' ');
    const next = line.indexOf(' ', line.search(/ \S/) + 1);
    const thread = line.slice(0, space);
    const at = Number(line.slice(space, next));
    let text = line.slice(next + 1);
    let began = at;
    if (text.endsWith('<unfinished ...>')) {
      unfinished.set(thread, { began: at, text: text.slice(0, -'<unfinished ...>'.length).trimEnd() });
      continue;
    }
    if (text.startsWith('<... ')) {
      const start = unfinished.get(thread);
      unfinished.delete(thread);
      if (!start) continue;
      began = start.began;
      text = start.text + text.slice(text.indexOf('resumed>') + 'resumed>'.length);
    }
    const call = parseCall(text, began, at);
    if (call && call.result >= 0) calls.push(call);
  }
  return calls;
}

function parseCall(text: string, began: number, ended: number): SystemCall | undefined {
  const open = text.indexOf('(');
  const equals = text.lastIndexOf(') = ');
  if (open < 0 || equals < 0) return undefined;
  const name = text.slice(0, open);
  const body = text.slice(open + 1, equals);
  const result = Number.parseInt(text.slice(equals + 4), 10);
  const strings = [...body.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map((match) => unhex(match[1] ?? ''));
  const isWrite = /^(p?writev?|pwrite64|send(msg|to))$/.test(name);
  const descriptor = /^\d+<(TCP:\[[^\]]*\]|[^>]*)>/.exec(body)?.[1];
  const returned = name === 'openat' ? /<([^>]*)>\s*$/.exec(text)?.[1] : undefined;
  const positioned = name === 'pwrite64' || name === 'pwritev';
  return {
    name,
    began,
    ended,
    target: unhex(returned ?? descriptor ?? '')
      .toString('utf8')
      .replace(' (deleted)', ''),
    data: isWrite ? Buffer.concat(strings) : undefined,
    offset: positioned || name === 'ftruncate' ? Number(/,\s*(\d+)$/.exec(body)?.[1]) : undefined,
    paths: isWrite ? [] : strings.map((path) => path.toString('utf8')),
    flags: name === 'openat' ? (/"\s*,\s*([A-Z_|]+)/.exec(body)?.[1] ?? '') : body,
    result,
  };
}

function unhex(text: string): Buffer {
  return text.includes('\\x') ? Buffer.from(text.replaceAll('\\x', ''), 'hex') : Buffer.from(text, 'latin1');
}
