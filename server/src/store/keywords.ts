/** Keywords of an account: names to bits of a flag set. RFC 9051 §2.3.2 */
import { DomainError } from '#core/errors.ts';
import type { AccountId } from '#core/ids.ts';
import { bit, FIRST_KEYWORD, KEYWORD_LIMIT, keywordBits, union } from './flags.ts';
import { all, type Program, rows, run, sql } from './sql.ts';

/** Octets of a keyword. */
const NAME_LIMIT = 255;

/** The account's keywords by bit; read it again when a flag set may be newer than what is at hand: a bit can be given to another name. */
export function* readKeywords(account: AccountId): Program<ReadonlyMap<number, string>> {
  const found = yield* rows<[number, string]>(sql`SELECT bit, name FROM keyword WHERE account = ${account} ORDER BY bit`);
  return new Map(found);
}

/** The bits of known keywords, compared without case; unknown names have none. */
export function* findKeywords(account: AccountId, names: readonly string[]): Program<number> {
  if (names.length === 0) return 0;
  const wanted = new Set(names.map(folded));
  let flags = 0;
  for (const [index, name] of yield* rows<[number, string]>(sql`SELECT bit, name FROM keyword WHERE account = ${account}`))
    if (wanted.has(folded(name))) flags = union(flags, bit(index));
  return flags;
}

/** The bits of keywords, new ones allocated; a place that no entry uses is given to the new name. Throws `keyword-limit`. Part of a mutation. */
export function* allocateKeywords(account: AccountId, names: readonly string[]): Program<number> {
  if (names.length === 0) return 0;
  const known = yield* all<{ bit: number; name: string; uses: number }>(sql`SELECT bit, name, uses FROM keyword WHERE account = ${account} ORDER BY bit`);
  const bits = new Map(known.map(({ bit: index, name }) => [folded(name), index]));
  const wanted = new Set(names.map(folded));
  const taken = new Set(known.map(({ bit: index }) => index));
  const unused = known.filter(({ name, uses }) => uses === 0 && !wanted.has(folded(name))).map(({ bit: index }) => index);
  let flags = 0;
  for (const name of names) {
    let index = bits.get(folded(name));
    if (index === undefined) {
      if (name.length === 0 || Buffer.byteLength(name) > NAME_LIMIT) throw new DomainError('keyword-limit', 'a keyword is too long');
      index = firstFree(taken) ?? unused.shift();
      if (index === undefined) throw new DomainError('keyword-limit', `the account has ${KEYWORD_LIMIT} keywords in use`);
      taken.add(index);
      bits.set(folded(name), index);
      yield* run(
        sql`INSERT INTO keyword (account, bit, name) VALUES (${account}, ${index}, ${name})
            ON CONFLICT (account, bit) DO UPDATE SET name = excluded.name`,
      );
    }
    flags = union(flags, bit(index));
  }
  return flags;
}

/** Counts uses of keywords: each bit and by how much it changed. */
export function* countKeywords(account: AccountId, deltas: ReadonlyMap<number, number>): Program<void> {
  for (const [index, delta] of deltas)
    if (delta !== 0) yield* run(sql`UPDATE keyword SET uses = uses + ${delta} WHERE account = ${account} AND bit = ${index}`);
}

/** Adds `times` uses of each keyword in a flag set. */
export function addUses(deltas: Map<number, number>, flags: number, times: number): void {
  for (const index of keywordBits(flags)) deltas.set(index, (deltas.get(index) ?? 0) + times);
}

function folded(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

function firstFree(taken: ReadonlySet<number>): number | undefined {
  for (let index = FIRST_KEYWORD; index < FIRST_KEYWORD + KEYWORD_LIMIT; index++) if (!taken.has(index)) return index;
  return undefined;
}
