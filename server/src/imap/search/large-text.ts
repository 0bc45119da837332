/**
 * Looking for texts in a message too large to be held whole: part by part, attachments not read, long texts by a thread of their own.
 *
 * RFC 9051 §6.4.4
 */
import { fold } from '#message/fold.ts';
import type { StructurePart } from '#message/structure.ts';
import { partText, searchableHeader, searchableText } from '#message/text.ts';
import type { Pace } from '../fetch/pace.ts';
import type { LargeTextWorker } from './large-text-worker.ts';

/** Octets of a part's header that are looked at. */
const HEADER_LIMIT = 256 * 1024;

/** Octets of a part that are decoded and folded in this thread, which takes about a millisecond; longer ones go to the worker. */
const SMALL_BYTES = 128 * 1024;
/** Octets read at once. */
const READ_BYTES = 256 * 1024;

/** Reads octets [start, end) of the message as accepted. */
export type ReadRange = (start: number, end: number) => Promise<Uint8Array>;

/** With what a large message is searched. */
export interface LargeSearch {
  readonly read: ReadRange;
  /** Folded. */
  readonly needles: ReadonlySet<string>;
  readonly worker: LargeTextWorker;
  readonly pace: Pace;
}

/** Which of the needles the text of the message's body contains. */
export async function findInLarge(root: StructurePart, { read, needles, worker, pace }: LargeSearch): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  const look = (text: string): void => {
    const folded = fold(text);
    for (const needle of needles) if (folded.includes(needle)) found.add(needle);
  };
  const visit = async (part: StructurePart, parent: StructurePart | undefined): Promise<void> => {
    if (found.size === needles.size) return;
    if (parent?.kind === 'message') look(searchableHeader(await headerOf(part, read)));
    if (part.kind === 'leaf' && parent !== undefined) look(nameText(part, await headerOf(part, read)));
    await pace.rest();
    if (part.kind !== 'leaf') {
      for (const child of part.children) await visit(child, part);
    } else if (part.type === 'text' || part.type === 'message') {
      if (part.bodyEnd - part.bodyStart <= SMALL_BYTES) look(partText(part, await read(part.bodyStart, part.bodyEnd)));
      else {
        const open = [...needles].filter((needle) => !found.has(needle));
        for (const needle of await worker.find(part, () => readWhole(part, read, pace), open)) found.add(needle);
      }
      await pace.rest();
    }
  };
  await visit(root, undefined);
  return found;
}

/** The body of a part in memory of its own. */
async function readWhole({ bodyStart, bodyEnd }: StructurePart, read: ReadRange, pace: Pace): Promise<Uint8Array<ArrayBuffer>> {
  const octets = new Uint8Array(bodyEnd - bodyStart);
  for (let at = bodyStart; at < bodyEnd; at += READ_BYTES) {
    octets.set(await read(at, Math.min(bodyEnd, at + READ_BYTES)), at - bodyStart);
    await pace.rest();
  }
  return octets;
}

async function headerOf({ headerStart, bodyStart }: StructurePart, read: ReadRange): Promise<Uint8Array> {
  return bodyStart === headerStart ? NOTHING : read(headerStart, Math.min(bodyStart, headerStart + HEADER_LIMIT));
}

const NOTHING = new Uint8Array(0);

/** The file name of a part: what is searched of one that has no text. */
function nameText(part: StructurePart, header: Uint8Array): string {
  const alone: StructurePart = { ...part, type: 'application', headerStart: 0, bodyStart: header.length, bodyEnd: header.length };
  return searchableText({ ...alone, kind: 'multipart', bodyStart: 0, children: [alone] }, header);
}
