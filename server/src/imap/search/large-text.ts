/**
 * Looking for texts in a message too large to be held whole: part by part, attachments not read, folded in pieces with others served between them.
 *
 * RFC 9051 §6.4.4
 */
import { fold } from '#message/fold.ts';
import type { StructurePart } from '#message/structure.ts';
import { partText, searchableHeader, searchableText } from '#message/text.ts';
import type { Pace } from '../fetch/pace.ts';

/** Characters folded at once. */
const PIECE = 64 * 1024;
/** Octets of a part's header that are looked at. */
const HEADER_LIMIT = 256 * 1024;

/** Reads octets [start, end) of the message as accepted. */
export type ReadRange = (start: number, end: number) => Promise<Uint8Array>;

/** Which of the needles (folded) the text of the message's body contains. */
export async function findInLarge(root: StructurePart, read: ReadRange, needles: ReadonlySet<string>, pace: Pace): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  const visit = async (part: StructurePart): Promise<void> => {
    if (found.size === needles.size) return;
    if (part !== root && part.bodyStart > part.headerStart) await look(await headerText(part, read), needles, found, pace);
    if (part.kind !== 'leaf') {
      for (const child of part.children) await visit(child);
    } else if (part.type === 'text' || part.type === 'message') {
      await look(partText(part, await read(part.bodyStart, part.bodyEnd)), needles, found, pace);
    }
    await pace.rest();
  };
  await visit(root);
  return found;
}

/** What of a part's header is searched: the whole header of an attached message, the file name of others. */
async function headerText(part: StructurePart, read: ReadRange): Promise<string> {
  const header = await read(part.headerStart, Math.min(part.bodyStart, part.headerStart + HEADER_LIMIT));
  if (part.headerStart === 0) return searchableHeader(header);
  // A part alone, with an empty body, inside a multipart: searchableText then yields its name only.
  const alone: StructurePart = { ...part, kind: 'leaf', type: 'application', headerStart: 0, bodyStart: header.length, bodyEnd: header.length, children: [] };
  return searchableText({ ...alone, kind: 'multipart', bodyStart: 0, children: [alone] }, header);
}

/** Folds the text in pieces that overlap by a needle's length. */
async function look(text: string, needles: ReadonlySet<string>, found: Set<string>, pace: Pace): Promise<void> {
  const longest = Math.max(...[...needles].map((needle) => needle.length));
  let tail = '';
  for (let at = 0; at < text.length; at += PIECE) {
    const folded = tail + fold(text.slice(at, at + PIECE));
    for (const needle of needles) if (!found.has(needle) && folded.includes(needle)) found.add(needle);
    tail = longest > 1 ? folded.slice(1 - longest) : '';
    await pace.rest();
  }
}
