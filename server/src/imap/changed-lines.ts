/**
 * FETCH replies that nobody asked for: flags (and, for clients with CONDSTORE, modseqs) of messages that changed. Always with the UID, which RFC 7162
 * §3.2.10 wants with QRESYNC and everybody understands.
 *
 * RFC 9051 §7.5.2 · RFC 7162 §3.1
 */
import { Output } from './fetch/output.ts';
import { Pace } from './fetch/pace.ts';
import { noItems } from './fetch/request.ts';
import { beginLine, endLine } from './fetch/table-lines.ts';
import { Walker } from './fetch/walker.ts';
import type { Selected } from './selected.ts';
import type { Session } from './session.ts';

/** Lines between two looks at the clock. */
const LINES = 500;

/** Writes a line for each of the uids (ascending) that the client knows. */
export async function writeChangedLines(session: Session, selected: Selected, uids: Uint32Array): Promise<void> {
  if (uids.length === 0) return;
  const items = { ...noItems(), uid: true, flags: true, modseq: session.hasCondstore };
  const output = new Output(session.writer);
  const walker = new Walker(selected);
  const pace = new Pace();
  let visited = 0;
  for (const uid of uids) {
    if (++visited % LINES === 0 && pace.isDue(output)) await pace.rest(output);
    if (!walker.goTo(uid)) continue;
    beginLine(output, items, selected.keywords.lists, walker);
    endLine(output);
  }
  output.handOver();
}
