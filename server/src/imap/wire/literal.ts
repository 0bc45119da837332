/**
 * Literals: `{5}`, `{5+}` (the client does not wait) and `~{5}` (may hold NUL).
 *
 * RFC 9051 §4.3 · RFC 7888 (LITERAL+) · RFC 3516 §4.2 (literal8)
 */

/** How a line announces a literal. */
export interface LiteralHeader {
  readonly sizeBytes: number;
  /** The client waits for the go-ahead. */
  readonly isSynchronizing: boolean;
  /** literal8. */
  readonly isBinary: boolean;
}

/** A literal that was collected with its command. */
export interface Literal {
  readonly bytes: Buffer;
  readonly isBinary: boolean;
}

/** A command as it was collected: text without the announcements of its literals, and the literals. A LiteralHeader can only be last: that one is still on the line. */
export type Piece = string | Literal | LiteralHeader;

const PLUS = 0x2b;
const TILDE = 0x7e;
const LARGEST_SCALE = 1e15;

/** The announcement at a line's end with the length of the line without it; undefined where there is none. */
export function literalAtEnd(line: Uint8Array): { readonly header: LiteralHeader; readonly textLength: number } | undefined {
  let at = line.length - 1;
  if (line[at] !== 0x7d) return undefined;
  at--;
  const isSynchronizing = line[at] !== PLUS;
  if (!isSynchronizing) at--;
  const lastDigit = at;
  let sizeBytes = 0;
  // A number of any length is an announcement: taken for text, the octets behind it would be run as commands. It is too large for every limit.
  for (let scale = 1; at >= 0; at--, scale = Math.min(scale * 10, LARGEST_SCALE)) {
    const digit = (line[at] ?? 0) - 0x30;
    if (digit < 0 || digit > 9) break;
    sizeBytes += digit * scale;
  }
  if (at === lastDigit || line[at] !== 0x7b) return undefined;
  const isBinary = at > 0 && line[at - 1] === TILDE;
  return { header: { sizeBytes, isSynchronizing, isBinary }, textLength: isBinary ? at - 1 : at };
}
