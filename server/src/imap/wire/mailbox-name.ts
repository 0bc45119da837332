/**
 * Mailbox names on the wire: modified UTF-7 for IMAP4rev1 clients, UTF-8 once IMAP4rev2 or UTF8=ACCEPT is enabled. Inside Capri they are UTF-8 in NFC.
 *
 * RFC 3501 §5.1.3 · RFC 9051 §5.1, Appendix A.1 · RFC 6855 §3
 */

/** The separator of hierarchy levels. */
export const SEPARATOR = '/';

/** Octets that a name may have on the wire; far more than the store allows. */
const LONGEST = 4096;

/** Reads modified UTF-7; undefined where it is not well formed. Accepts 8-bit characters, which some clients send as UTF-8 without asking. */
export function decodeUtf7(text: string): string | undefined {
  if (text.length > LONGEST) return undefined;
  let out = '';
  for (let i = 0; i < text.length; i++) {
    const char = text[i] ?? '';
    if (char !== '&') {
      out += char;
      continue;
    }
    const end = text.indexOf('-', i + 1);
    if (end < 0) return undefined;
    if (end === i + 1) {
      out += '&';
    } else {
      const decoded = decodeShift(text.slice(i + 1, end));
      if (decoded === undefined) return undefined;
      out += decoded;
    }
    i = end;
  }
  return out;
}

/** Writes modified UTF-7. */
export function encodeUtf7(text: string): string {
  let out = '';
  let shifted = '';
  const flush = (): void => {
    if (shifted === '') return;
    const bytes = Buffer.from(shifted, 'utf16le').swap16();
    out += `&${bytes.toString('base64').replaceAll('/', ',').replaceAll('=', '')}-`;
    shifted = '';
  };
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || code > 0x7e) {
      shifted += text[i];
      continue;
    }
    flush();
    out += code === 0x26 ? '&-' : text[i];
  }
  flush();
  return out;
}

/** INBOX in any case, alone or as the first level, is INBOX (RFC 9051 §5.1); names are NFC. */
export function canonicalName(name: string): string {
  const normal = name.normalize('NFC');
  const head = normal.slice(0, 5);
  if (head !== 'INBOX' && head.toUpperCase() === 'INBOX' && (normal.length === 5 || normal[5] === SEPARATOR)) return `INBOX${normal.slice(5)}`;
  return normal;
}

/** The base64 between `&` and `-`: UTF-16BE. Printable ASCII must not be written so, but is read. */
function decodeShift(base64: string): string | undefined {
  if (!/^[A-Za-z0-9+,]+$/.test(base64)) return undefined;
  const bytes = Buffer.from(base64.replaceAll(',', '/'), 'base64');
  if (bytes.length < 2 || bytes.length % 2 !== 0) return undefined;
  const text = bytes.swap16().toString('utf16le');
  return text.isWellFormed() ? text : undefined;
}
