/** Writes a field of tags that ends in its signature, folded under 78 columns. RFC 6376 §3.2 (where white space may stand), §3.5 · RFC 5322 §2.1.1 */

const FOLD = '\r\n\t';
/** Columns of a line; the TAB at its beginning counts as one. */
const COLUMNS = 76;
const BASE64_PIECE = 72;

export class SignatureField {
  #text: string;
  #column: number;

  constructor(name: string) {
    this.#text = `${name}:`;
    this.#column = this.#text.length;
  }

  /** A tag whose value cannot be folded. */
  add(name: string, value: string): void {
    this.#append([`${name}=${value};`], ' ');
  }

  /** `h=`. */
  addNames(names: readonly string[]): void {
    this.#append(
      names.map((name, index) => `${index === 0 ? 'h=' : ''}${name}${index === names.length - 1 ? ';' : ':'}`),
      ' ',
    );
  }

  addBase64(name: string, octets: Buffer): void {
    this.#append([`${name}=${octets.toString('base64')};`], ' ');
  }

  /** The field as it is hashed, `b=` empty, ended by CRLF. */
  unsigned(): string {
    return `${this.#text}${FOLD}b=\r\n`;
  }

  /** The field with its signature, ended by CRLF. */
  signed(signature: Buffer): string {
    const base64 = signature.toString('base64');
    let text = `${this.#text}${FOLD}b=`;
    for (let at = 0; at < base64.length; at += BASE64_PIECE) text += `${at === 0 ? '' : FOLD}${base64.slice(at, at + BASE64_PIECE)}`;
    return `${text}\r\n`;
  }

  /** Pieces that may be folded between: `separator` stands before the first, nothing between the others. */
  #append(pieces: readonly string[], separator: string): void {
    for (const [index, piece] of pieces.entries()) {
      const before = index === 0 ? separator : '';
      if (this.#column + before.length + piece.length <= COLUMNS) {
        this.#text += before + piece;
        this.#column += before.length + piece.length;
      } else {
        this.#text += FOLD + piece;
        this.#column = 1 + piece.length;
      }
    }
  }
}
