/**
 * The base subject: what remains of a subject when replies and forwards are taken off it.
 *
 * RFC 5256 §2.1. In addition the prefixes that mail programs write in other languages count as `Re:` and `Fwd:` do: Polish Odp: (with a space before the colon), German AW: and WG:,
 * and so on; without them half of the answers in Europe would start a new conversation.
 */
import { fold } from './fold.ts';

/** Characters that are looked at. */
const SUBJECT_LIMIT = 1000;

/** Reply and forward words, RFC 5256 `subj-refwd`, and those of other languages. */
const REFWD = /^(?:re|fwd?|odp|pd|aw|wg|sv|vs|vb|antw|doorst|tr|rif|enc|res|rv|ynt|ilt|vá|továbbítás|回复|转发|答复|回覆|轉寄)\s*(?:\[[^\]]*\]\s*)?[:：]\s*/iu;
const BLOB = /^\[[^[\]]*\]\s*/;
const TRAILER = /\s*\(fwd\)\s*$/i;
const FORWARD = /^\[fwd:\s*(.*)\]$/is;

/** The base of a decoded subject, white space collapsed. */
export function baseSubject(subject: string): string {
  let text = subject.slice(0, SUBJECT_LIMIT).replace(/\s+/g, ' ').trim();
  for (;;) {
    const before = text;
    // (2) trailers
    while (text.endsWith(')') && TRAILER.test(text)) text = text.slice(0, text.lastIndexOf('(')).trimEnd();
    // (3) leading blobs that stand before a reply word, and the word; (4) a blob alone, if something remains
    for (;;) {
      const word = withoutReplyWord(text);
      if (word !== undefined) {
        text = word;
        continue;
      }
      const blob = BLOB.exec(text);
      if (blob === null || blob[0].length === text.length) break;
      text = text.slice(blob[0].length);
    }
    // (6) [fwd: ...]
    const forward = FORWARD.exec(text);
    if (forward !== null) text = (forward[1] as string).trim();
    if (text === before) return text;
  }
}

/** The key under which subjects are compared and sorted: the base subject, folded. */
export function subjectKey(subject: string): string {
  return fold(baseSubject(subject)).slice(0, 255);
}

/** The text behind `*blob refwd`; undefined where it does not begin so. */
function withoutReplyWord(text: string): string | undefined {
  let rest = text;
  for (;;) {
    const word = REFWD.exec(rest);
    if (word !== null) return rest.slice(word[0].length);
    const blob = BLOB.exec(rest);
    if (blob === null) return undefined;
    rest = rest.slice(blob[0].length);
  }
}
