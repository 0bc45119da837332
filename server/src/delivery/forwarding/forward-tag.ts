/**
 * The mark in a rewritten sender by which a bounce that comes back later is known: of which forward it is, and of which message. Short, for local parts should be.
 *
 *     hhhhnnna...    h: 20 bits of a hash of the forward · n: 15 random bits for each message · a: the account's number
 */
import { randomInt } from 'node:crypto';
import type { AccountId } from '#core/ids.ts';
import { type BouncedForward, forwardHash } from '#directory/forward-bounces.ts';
import type { ForwardKey } from '#directory/forwards.ts';

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';
const FORM = /^([a-z2-7]{4})([a-z2-7]{3})([a-z2-7]{1,5})$/;

/** A new one for each message that is sent on. */
export function newForwardTag(key: ForwardKey): string {
  return `${letters(forwardHash(key), 4)}${letters(randomInt(2 ** 15), 3)}${letters(key.account, 1)}`;
}

/** Undefined for what is no tag. */
export function readForwardTag(tag: string): BouncedForward | undefined {
  const [, hash = '', message = '', account = ''] = FORM.exec(tag) ?? [];
  return account === '' ? undefined : { account: numberOf(account) as AccountId, hash: numberOf(hash), message: numberOf(message) };
}

/** At least so many. */
function letters(number: number, most: number): string {
  let text = '';
  for (let rest = number; rest > 0 || text.length < most; rest = Math.floor(rest / 32)) text = `${BASE32[rest % 32] ?? ''}${text}`;
  return text;
}

function numberOf(text: string): number {
  let number = 0;
  for (const letter of text) number = number * 32 + BASE32.indexOf(letter);
  return number;
}
