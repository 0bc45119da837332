/**
 * Transfer encoding of what we write.
 *
 * RFC 2045 §6.7 (quoted-printable), §6.8 (base64)
 */
import { isAscii } from 'node:buffer';

const CR = 0x0d;
const LF = 0x0a;
const EQUALS = 0x3d;
const SPACE = 0x20;
const TAB = 0x09;
/** RFC 5322 §2.1.1: octets of a line without its end. */
const LINE_LIMIT = 998;

export type WrittenEncoding = '7bit' | '8bit' | 'quoted-printable' | 'base64';

/** The plainest encoding that carries the octets: for text with CRLF line ends. */
export function encodingFor(bytes: Buffer, allowsEightBit: boolean): WrittenEncoding {
  const hasNul = bytes.includes(0);
  const fits = !hasNul && !hasLongLine(bytes) && !hasBareLineEnd(bytes);
  if (isAscii(bytes)) return fits ? '7bit' : 'quoted-printable';
  if (allowsEightBit && fits) return '8bit';
  let eightBit = 0;
  for (const byte of bytes) if (byte > 0x7e) eightBit++;
  // Quoted-printable can be read as it is; beyond a third of escapes it is neither readable nor short.
  return eightBit > bytes.length / 3 ? 'base64' : 'quoted-printable';
}

/** Base64 in lines of 76 characters, each ended by CRLF. */
export function encodeBase64(bytes: Buffer): Buffer {
  const text = bytes.toString('base64');
  return Buffer.from(text.replace(/.{1,76}/g, '$&\r\n'), 'latin1');
}

/** Quoted-printable; CRLF in the input are line ends, a CR or LF alone is content. */
export function encodeQuotedPrintable(bytes: Buffer): Buffer {
  const out: number[] = [];
  let column = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    if (byte === CR && bytes[at + 1] === LF) {
      out.push(CR, LF);
      at++;
      column = 0;
      continue;
    }
    const next = bytes[at + 1];
    const isLineEnd = next === undefined || (next === CR && bytes[at + 2] === LF);
    const isBlank = byte === SPACE || byte === TAB;
    // Beside what must be escaped: a dot or `From ` at a line's beginning, which careless programs change.
    const isTouchy = column === 0 && (byte === 0x2e || byte === 0x46);
    const isPlain = isBlank ? !isLineEnd : byte > 0x20 && byte < 0x7f && byte !== EQUALS && !isTouchy;
    const width = isPlain ? 1 : 3;
    // 76 with the `=` of a soft break.
    if (column + width > (isLineEnd ? 76 : 75)) {
      out.push(EQUALS, CR, LF);
      column = 0;
    }
    if (isPlain) out.push(byte);
    else out.push(EQUALS, hexDigit(byte >> 4), hexDigit(byte & 15));
    column += width;
  }
  return Buffer.from(out);
}

function hexDigit(value: number): number {
  return value < 10 ? 0x30 + value : 0x37 + value;
}

function hasLongLine(bytes: Buffer): boolean {
  let start = 0;
  for (let lf = bytes.indexOf(LF); lf >= 0; lf = bytes.indexOf(LF, start)) {
    if (lf - start > LINE_LIMIT + 1) return true;
    start = lf + 1;
  }
  return bytes.length - start > LINE_LIMIT;
}

function hasBareLineEnd(bytes: Buffer): boolean {
  for (let at = bytes.indexOf(CR); at >= 0; at = bytes.indexOf(CR, at + 1)) if (bytes[at + 1] !== LF) return true;
  for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, at + 1)) if (at === 0 || bytes[at - 1] !== CR) return true;
  return false;
}
