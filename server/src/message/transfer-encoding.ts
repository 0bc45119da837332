/**
 * The names of transfer encodings. RFC 2045 §6 · their decoding is in `transfer.ts`.
 */

/** `unknown` cannot be decoded: IMAP answers BINARY with UNKNOWN-CTE, readers show the octets. Append only: places are stored. */
export const TRANSFER_ENCODINGS = ['7bit', '8bit', 'binary', 'quoted-printable', 'base64', 'uuencode', 'unknown'] as const;

export type TransferEncoding = (typeof TRANSFER_ENCODINGS)[number];

/** Which encoding a header value (lower case token) means. */
export function transferEncodingOf(name: string): TransferEncoding {
  switch (name) {
    case '7bit':
    case '8bit':
    case 'binary':
    case 'quoted-printable':
    case 'base64':
      return name;
    case 'quotedprintable':
    case 'qp':
      return 'quoted-printable';
    case 'base-64':
      return 'base64';
    case 'x-uuencode':
    case 'uuencode':
    case 'x-uue':
    case 'uue':
      return 'uuencode';
    default:
      return 'unknown';
  }
}
