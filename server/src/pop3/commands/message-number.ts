/** Arguments that are numbers. RFC 1939 §3, §5 */
import { Pop3Error } from '../errors.ts';
import type { Maildrop } from '../maildrop.ts';
import * as texts from '../texts.ts';

/** The place (from 0) of the message with this number. Throws Pop3Error where there is none, or it is marked. */
export function messageAt(maildrop: Maildrop, argument: string): number {
  const number = parseNumber(argument);
  if (number < 1 || number > maildrop.length) throw new Pop3Error(texts.noMessage);
  if (maildrop.isMarked(number - 1)) throw new Pop3Error(texts.isMarked);
  return number - 1;
}

/** A decimal number without sign. Throws Pop3Error. */
export function parseNumber(argument: string): number {
  if (!/^\d{1,10}$/.test(argument)) throw new Pop3Error(texts.badArgument, { isBad: true });
  return Number(argument);
}

/** Throws Pop3Error where an argument was given to a command that takes none. */
export function refuseArgument(argument: string): void {
  if (argument !== '') throw new Pop3Error(texts.badArgument, { isBad: true });
}
