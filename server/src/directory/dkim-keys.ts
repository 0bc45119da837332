/**
 * The DKIM keys of our domains. Each generation has two, RSA and Ed25519. A new generation is `upcoming` until its records are published, then it is `active` and the old one
 * `retired`: no longer signed with, its private halves forgotten, its records still needed for mail that is on its way.
 *
 * RFC 6376 §3.1, §3.6.1 · RFC 8463 · RFC 5863 §3 (rotation)
 */
import { DomainError } from '#core/errors.ts';
import { defineMutation, type Mutation } from '#store/mutation.ts';
import { all, one, type Program, rows, run, sql } from '#store/sql.ts';
import { findDomain } from './domains.ts';
import { normalizeDomain } from './names.ts';

export type DkimKeyState = 'upcoming' | 'active' | 'retired';
export type DkimKeyAlgorithm = 'rsa-sha256' | 'ed25519-sha256';

export interface DkimKeyInfo {
  readonly domain: string;
  readonly selector: string;
  readonly algorithm: DkimKeyAlgorithm;
  /** PKCS #8 in PEM; undefined once retired. */
  readonly pem: string | undefined;
  /** Text of the TXT record at `<selector>._domainkey.<domain>`. */
  readonly record: string;
  readonly state: DkimKeyState;
  readonly createdAtMs: number;
  /** Since when its record has been seen. */
  readonly publishedAtMs: number | undefined;
  readonly retiredAtMs: number | undefined;
}

export interface NewDkimKey {
  /** As it should be called; where the domain has a key of that name, a letter is put behind it. */
  readonly selector: string;
  readonly algorithm: DkimKeyAlgorithm;
  readonly pem: string;
  readonly record: string;
}

export interface AddDkimKeys {
  readonly domain: string;
  readonly keys: readonly NewDkimKey[];
  /** `first`: active at once, and only where the domain has none. `next`: upcoming, in place of keys that were upcoming. */
  readonly as: 'first' | 'next';
  readonly nowMs: number;
}

/** Returns whether they were added. Throws `domain-not-found`. */
export const addDkimKeys: Mutation<AddDkimKeys, boolean> = defineMutation('directory.addDkimKeys', function* (tx, args: AddDkimKeys) {
  const domain = normalizeDomain(args.domain);
  if ((yield* findDomain(domain)) === undefined) throw new DomainError('domain-not-found', `there is no domain ${domain}`);
  if (args.as === 'first' && (yield* listDkimKeys(domain)).length > 0) return false;
  if (args.as === 'next') yield* run(sql`DELETE FROM dkim_key WHERE domain = ${domain} AND state = 'upcoming'`);
  const state = args.as === 'first' ? 'active' : 'upcoming';
  for (const key of args.keys) {
    const selector = yield* freeSelector(domain, key.selector);
    yield* run(sql`
      INSERT INTO dkim_key (domain, selector, algorithm, private_key, record, state, created_at, active_at)
      VALUES (${domain}, ${selector}, ${key.algorithm}, ${key.pem}, ${key.record}, ${state}, ${args.nowMs}, ${state === 'active' ? args.nowMs : null})`);
  }
  tx.notify('directory');
  return true;
});

export interface DkimKeysPublished {
  readonly domain: string;
  /** Those of its upcoming and active keys whose record was seen; the others were looked for and not found. */
  readonly selectors: readonly string[];
  readonly nowMs: number;
}

/** Writes down which records are there. */
export const noteDkimKeys: Mutation<DkimKeysPublished, void> = defineMutation(
  'directory.noteDkimKeys',
  function* (_tx, { domain, selectors, nowMs }: DkimKeysPublished) {
    for (const { selector, publishedAtMs } of yield* listDkimKeys(domain)) {
      const isSeen = selectors.includes(selector);
      if (isSeen === (publishedAtMs !== undefined)) continue;
      yield* run(sql`UPDATE dkim_key SET published_at = ${isSeen ? nowMs : null} WHERE domain = ${domain} AND selector = ${selector}`);
    }
  },
);

export interface SwitchDkimKeys {
  readonly domain: string;
  readonly nowMs: number;
}

/** Upcoming keys become active, active ones retired. Returns how many became active: 0 where none were upcoming, and then nothing changes. */
export const switchDkimKeys: Mutation<SwitchDkimKeys, number> = defineMutation('directory.switchDkimKeys', function* (tx, { domain, nowMs }: SwitchDkimKeys) {
  if ((yield* one(sql`SELECT 1 FROM dkim_key WHERE domain = ${domain} AND state = 'upcoming' LIMIT 1`)) === undefined) return 0;
  yield* run(sql`UPDATE dkim_key SET state = 'retired', private_key = NULL, retired_at = ${nowMs} WHERE domain = ${domain} AND state = 'active'`);
  const switched = yield* run(sql`UPDATE dkim_key SET state = 'active', active_at = ${nowMs} WHERE domain = ${domain} AND state = 'upcoming'`);
  tx.notify('directory');
  return switched;
});

/** Forgets the keys of a domain that were retired before; their records are needed no longer. Returns how many. */
export const pruneDkimKeys: Mutation<{ readonly domain: string; readonly beforeMs: number }, number> = defineMutation(
  'directory.pruneDkimKeys',
  function* (_tx, { domain, beforeMs }: { readonly domain: string; readonly beforeMs: number }) {
    return yield* run(sql`DELETE FROM dkim_key WHERE domain = ${domain} AND state = 'retired' AND retired_at < ${beforeMs}`);
  },
);

interface KeyRow {
  readonly domain: string;
  readonly selector: string;
  readonly algorithm: DkimKeyAlgorithm;
  readonly private_key: string | null;
  readonly record: string;
  readonly state: DkimKeyState;
  readonly created_at: number;
  readonly published_at: number | null;
  readonly retired_at: number | null;
}

/** All keys of a domain (in normal form), RSA before Ed25519, the oldest first. */
export function* listDkimKeys(domain: string): Program<readonly DkimKeyInfo[]> {
  const found = yield* all<KeyRow>(sql`
    SELECT domain, selector, algorithm, private_key, record, state, created_at, published_at, retired_at
    FROM dkim_key WHERE domain = ${domain} ORDER BY algorithm DESC, created_at, selector`);
  return found.map((row) => ({
    domain: row.domain,
    selector: row.selector,
    algorithm: row.algorithm,
    pem: row.private_key ?? undefined,
    record: row.record,
    state: row.state,
    createdAtMs: row.created_at,
    publishedAtMs: row.published_at ?? undefined,
    retiredAtMs: row.retired_at ?? undefined,
  }));
}

/** Up to `limit` domains without keys, in alphabetical order. */
export function* domainsWithoutKeys(limit: number): Program<readonly string[]> {
  const found = yield* rows<readonly [domain: string]>(sql`
    SELECT domain FROM domain AS d WHERE NOT EXISTS (SELECT 1 FROM dkim_key AS k WHERE k.domain = d.domain) ORDER BY domain LIMIT ${limit}`);
  return found.map(([domain]) => domain);
}

const LETTERS = 'bcdefghijklmnopqrstuvwxyz';

/** `r20261123`, then `r20261123b`. A retired key's record may still be published, so its name is taken too. */
function* freeSelector(domain: string, wanted: string): Program<string> {
  for (let twin = 0; twin <= LETTERS.length; twin++) {
    const selector = `${wanted}${twin === 0 ? '' : LETTERS[twin - 1]}`;
    if ((yield* one(sql`SELECT 1 FROM dkim_key WHERE domain = ${domain} AND selector = ${selector}`)) === undefined) return selector;
  }
  throw new DomainError('object-limit', `${domain} has had too many keys today`);
}
