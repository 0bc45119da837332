/** Bytes: the few operations that every door needs. */

export const CR = 0x0d;
export const LF = 0x0a;

/** The bytes of a string that holds ASCII or Latin-1 only; throws nothing, truncates to 8 bits. */
export function latin1(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

/** The bytes of a string in UTF-8. */
export function utf8(text: string): Buffer {
  return Buffer.from(text, 'utf8');
}

/** A Buffer over the same memory, for its faster methods. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const fatal = new TextDecoder('utf-8', { fatal: true });

/** The string that valid UTF-8 stands for; undefined where it is not valid. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return fatal.decode(bytes);
  } catch {
    return undefined;
  }
}
