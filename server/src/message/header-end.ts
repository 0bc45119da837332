/** Where a header ends. RFC 5322 §2.1: at the first empty line. */

const LF = 0x0a;
const CR = 0x0d;

/** The position behind the empty line that ends the header at the beginning of these bytes, or their length where there is none. */
export function findHeaderEnd(bytes: Buffer): number {
  let at = 0;
  while (at < bytes.length) {
    if (bytes[at] === LF) return at + 1;
    if (bytes[at] === CR && bytes[at + 1] === LF) return at + 2;
    const lf = bytes.indexOf(LF, at);
    if (lf < 0) break;
    at = lf + 1;
  }
  return bytes.length;
}
