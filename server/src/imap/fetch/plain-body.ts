/**
 * BODY out of BODYSTRUCTURE: the same structure without the extension data.
 *
 * RFC 9051 §7.5.2 · RFC 3501 §7.4.2 ("a form of BODYSTRUCTURE without extension data")
 */

/** Fields of a leaf that are not extension data: type, subtype, parameters, id, description, encoding, size. */
const LEAF_FIELDS = 7;

const OPEN = 0x28;
const CLOSE = 0x29;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const BRACE = 0x7b;
const SPACE = 0x20;

/** Makes the BODY form from a BODYSTRUCTURE as `message/` renders it. */
export function plainBody(bodyStructure: Uint8Array): Uint8Array {
  // A structure that breaks off gets its missing parentheses, at most one an octet.
  const out = Buffer.allocUnsafe(bodyStructure.length * 2 + 2);
  const copier = new Copier(bodyStructure, out);
  copier.body();
  return out.subarray(0, copier.written);
}

/** Walks the structure once and copies what stays. Nesting is bounded by the parser that made the structure. */
class Copier {
  written = 0;
  #at = 0;
  readonly #from: Uint8Array;
  readonly #to: Uint8Array;

  constructor(from: Uint8Array, to: Uint8Array) {
    this.#from = from;
    this.#to = to;
  }

  /** One body: `(...)`. */
  body(): void {
    this.#copyByte();
    if (this.#from[this.#at] === OPEN) {
      while (this.#from[this.#at] === OPEN) this.body();
      // The space and the subtype.
      this.#copyByte();
      this.#copyValue();
    } else {
      this.#leaf();
    }
    this.#skipToClose();
    this.#to[this.written++] = CLOSE;
  }

  #leaf(): void {
    const typeStart = this.#at;
    this.#copyValue();
    const type = lower(this.#from.subarray(typeStart, this.#at));
    this.#copyByte();
    const subtypeStart = this.#at;
    this.#copyValue();
    const subtype = lower(this.#from.subarray(subtypeStart, this.#at));
    for (let i = 2; i < LEAF_FIELDS; i++) {
      this.#copyByte();
      this.#copyValue();
    }
    if (type === '"text"') {
      this.#copyByte();
      this.#copyValue();
    } else if (type === '"message"' && (subtype === '"rfc822"' || subtype === '"global"') && this.#from[this.#at + 1] === OPEN) {
      // ENVELOPE, the inner body, lines. (A message part whose text could not be parsed has extension data right here, which never begins with a list: its MD5 is a string.)
      this.#copyByte();
      this.#copyValue();
      this.#copyByte();
      this.body();
      this.#copyByte();
      this.#copyValue();
    }
  }

  #copyByte(): void {
    this.#to[this.written++] = this.#from[this.#at++] ?? SPACE;
  }

  /** Copies a string, literal, atom, number or list. */
  #copyValue(): void {
    const end = valueEnd(this.#from, this.#at);
    this.#to.set(this.#from.subarray(this.#at, end), this.written);
    this.written += end - this.#at;
    this.#at = end;
  }

  #skipToClose(): void {
    while (this.#at < this.#from.length && this.#from[this.#at] !== CLOSE) {
      this.#at = this.#from[this.#at] === SPACE ? this.#at + 1 : valueEnd(this.#from, this.#at);
    }
    this.#at++;
  }
}

/** The position behind the value that begins at `at`. Never less than at + 1, never behind the end. */
function valueEnd(bytes: Uint8Array, at: number): number {
  let depth = 0;
  let position = at;
  do {
    const octet = bytes[position];
    if (octet === QUOTE) position = stringEnd(bytes, position);
    else if (octet === BRACE) position = literalEnd(bytes, position);
    else if (octet === OPEN) {
      depth++;
      position++;
    } else if (octet === CLOSE) {
      depth--;
      position++;
    } else if (octet === SPACE) position++;
    else while (position < bytes.length && !isDelimiter(bytes[position])) position++;
  } while (depth > 0 && position < bytes.length);
  return Math.min(Math.max(position, at + 1), bytes.length);
}

function stringEnd(bytes: Uint8Array, at: number): number {
  let position = at + 1;
  while (position < bytes.length && bytes[position] !== QUOTE) position += bytes[position] === BACKSLASH ? 2 : 1;
  return position + 1;
}

/** `{n}` CRLF and n octets. */
function literalEnd(bytes: Uint8Array, at: number): number {
  let length = 0;
  let position = at + 1;
  for (let octet = bytes[position]; octet !== undefined && octet >= 0x30 && octet <= 0x39; octet = bytes[++position]) length = length * 10 + octet - 0x30;
  return position + 3 + length;
}

function isDelimiter(octet: number | undefined): boolean {
  return octet === SPACE || octet === OPEN || octet === CLOSE || octet === QUOTE;
}

function lower(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1').toLowerCase();
}
