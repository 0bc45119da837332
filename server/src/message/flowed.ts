/**
 * format=flowed: lines that were broken for transport, joined to the paragraphs that the writer wrote.
 *
 * RFC 3676 §4 (space-stuffing, quoting, DelSp)
 */

/** Joins flowed lines. Quote marks `>` are kept at the beginning of each paragraph. */
export function unflow(flowed: string, deletesSpaces: boolean): string {
  const out: string[] = [];
  let paragraph = '';
  let depth = -1;
  for (const raw of flowed.split(/\r?\n/)) {
    let quotes = 0;
    while (raw.charCodeAt(quotes) === 0x3e) quotes++;
    const text = raw.slice(quotes);
    const line = text.startsWith(' ') ? text.slice(1) : text;
    // The signature separator is never flowed (§4.3).
    const isSignature = line === '-- ';
    if (depth !== -1 && (quotes !== depth || isSignature)) {
      out.push(paragraph);
      depth = -1;
    }
    const isFlowed = line.endsWith(' ') && !isSignature;
    const own = isFlowed && deletesSpaces ? line.slice(0, -1) : line;
    if (depth === -1) paragraph = quotes > 0 ? `${'>'.repeat(quotes)} ${own}` : own;
    else paragraph += own;
    if (isFlowed) depth = quotes;
    else {
      out.push(paragraph);
      depth = -1;
    }
  }
  if (depth !== -1) out.push(paragraph);
  return out.join('\n');
}
