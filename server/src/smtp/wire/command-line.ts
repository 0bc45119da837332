/**
 * A command line taken apart: a verb and the rest, both as text.
 *
 * RFC 5321 §2.4, §4.1.1 · RFC 6531 §3.3 (UTF-8 is possible in arguments; whether it is allowed is decided where the argument is read)
 */
import { decodeUtf8 } from '#core/bytes.ts';
import { Refusal } from './refusal.ts';

export interface CommandLine {
  /** Upper case. */
  readonly verb: string;
  /** What follows the verb and one space, without white space at its end; empty where there is nothing. */
  readonly argument: string;
}

/** Reads a line without its CRLF. Throws Refusal 500 for control characters and for what is not UTF-8. */
export function parseCommandLine(line: Buffer): CommandLine {
  const text = decodeLine(line);
  const space = text.indexOf(' ');
  if (space < 0) return { verb: text.toUpperCase(), argument: '' };
  // White space at the end is tolerated (RFC 5321 §4.1.1).
  return { verb: text.slice(0, space).toUpperCase(), argument: text.slice(space + 1).trimEnd() };
}

const PLAIN = /^[\x20-\x7e]*$/;

function decodeLine(line: Buffer): string {
  const text = line.toString('latin1', 0, line.length);
  if (PLAIN.test(text)) return text;
  const decoded = decodeUtf8(line);
  if (decoded === undefined) throw new Refusal(500, '5.5.2', 'Command is neither ASCII nor valid UTF-8');
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(decoded)) throw new Refusal(500, '5.5.2', 'Control characters are not allowed in commands');
  return decoded;
}
