/**
 * Whom an account has written to before. Hashes in a fixed number of places: a new one takes the place of an old one that falls on the same, so the memory of an
 * account is bounded, and who is forgotten counts as new once more, which harms nobody.
 */
import { hash } from 'node:crypto';
import type { AccountId } from '#core/ids.ts';
import { type Program, run, sql } from '#store/sql.ts';

const PLACES = 4096;

/** 48 bits of an address in any case. Made by the thread that takes the message, not by the writer. */
export function recipientHash(address: string): number {
  return hash('sha256', address.normalize('NFC').toLowerCase(), 'buffer').readUIntBE(0, 6);
}

/** Remembers recipients; returns how many of them were new. What is known already costs a look-up and no change. */
export function* rememberRecipients(account: AccountId, hashes: readonly number[]): Program<number> {
  let added = 0;
  for (const hash of hashes) {
    added += yield* run(sql`
      INSERT INTO sending_known (account, place, hash) VALUES (${account}, ${hash % PLACES}, ${hash})
      ON CONFLICT (account, place) DO UPDATE SET hash = excluded.hash WHERE hash <> excluded.hash`);
  }
  return added;
}
