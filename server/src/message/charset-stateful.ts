/**
 * Charsets that switch between ASCII and two-octet characters by escapes, and that browsers do not read, or not as mail writes them.
 *
 * RFC 1557 (ISO-2022-KR) · RFC 1843 (HZ) · RFC 1468 (ISO-2022-JP)
 */

const ESCAPE = 0x1b;
const SHIFT_OUT = 0x0e;
const SHIFT_IN = 0x0f;
const LF = 0x0a;
const TILDE = 0x7e;

const eucKr = new TextDecoder('euc-kr');
const iso2022Jp = new TextDecoder('iso-2022-jp');
const gbk = new TextDecoder('gbk');

/** ISO-2022-KR: octets between SO and SI are EUC-KR without its high bits. */
export function decodeIso2022Kr(bytes: Buffer): string {
  const out = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  let isShifted = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    // The designation ESC $ ) C announces the charset and says nothing else.
    if (byte === ESCAPE && bytes[at + 1] === 0x24 && bytes[at + 2] === 0x29 && bytes[at + 3] === 0x43) at += 3;
    else if (byte === SHIFT_OUT) isShifted = true;
    else if (byte === SHIFT_IN) isShifted = false;
    else {
      if (byte === LF) isShifted = false;
      out[length++] = isShifted && byte > 0x20 ? byte | 0x80 : byte;
    }
  }
  return eucKr.decode(out.subarray(0, length));
}

/** HZ: octets between `~{` and `~}` are GB 2312 without its high bits; `~~` is a tilde, `~` at a line's end continues it. */
export function decodeHz(bytes: Buffer): string {
  const out = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  let isShifted = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    if (byte === TILDE) {
      const next = bytes[at + 1];
      if (next === 0x7b || next === 0x7d) {
        isShifted = next === 0x7b;
        at++;
        continue;
      }
      if (!isShifted && (next === TILDE || next === LF)) {
        if (next === TILDE) out[length++] = TILDE;
        at++;
        continue;
      }
    }
    if (byte === LF) isShifted = false;
    out[length++] = isShifted && byte > 0x20 ? byte | 0x80 : byte;
  }
  return gbk.decode(out.subarray(0, length));
}

/** ISO-2022-JP: an escape that another one follows at once has no effect. Joined encoded words are full of them, and TextDecoder takes each for an error. */
export function decodeIso2022Jp(bytes: Buffer): string {
  const out = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    const isIdle = bytes[at] === ESCAPE && bytes[at + 3] === ESCAPE && (bytes[at + 1] === 0x28 || bytes[at + 1] === 0x24);
    if (isIdle) at += 2;
    else out[length++] = bytes[at] as number;
  }
  return iso2022Jp.decode(out.subarray(0, length));
}
