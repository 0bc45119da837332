/** Domains for which mail is received here: mutations and queries. */
import { DomainError } from '#core/errors.ts';
import type { AccountId } from '#core/ids.ts';
import { defineMutation, type Mutation } from '#store/mutation.ts';
import { all, one, type Program, run, sql } from '#store/sql.ts';
import { normalizeDomain } from './names.ts';

export interface DomainInfo {
  readonly domain: string;
  /** Gets what nobody else has; undefined: unknown addresses are refused. */
  readonly catchAll: AccountId | undefined;
  /** Between local part and detail; empty: no detail. */
  readonly separator: string;
  /** Whether an address of this domain is a sign-in name. */
  readonly addressSignIn: boolean;
  /** Whether mail that is forwarded for its addresses is sealed (ARC). */
  readonly arcSeal: boolean;
  readonly createdAtMs: number;
}

export interface AddDomain {
  readonly domain: string;
  readonly separator?: string;
  readonly addressSignIn?: boolean;
  readonly nowMs: number;
}

/** Throws `domain-exists`, `bad-request` (not a domain name). Returns the domain in normal form. */
export const addDomain: Mutation<AddDomain, string> = defineMutation('directory.addDomain', function* (tx, args: AddDomain) {
  const domain = normalizeDomain(args.domain);
  const separator = checkSeparator(args.separator ?? '+');
  const added = yield* run(sql`
    INSERT INTO domain (domain, separator, address_sign_in, created_at) VALUES (${domain}, ${separator}, ${args.addressSignIn === false ? 0 : 1}, ${args.nowMs})
    ON CONFLICT DO NOTHING`);
  if (added === 0) throw new DomainError('domain-exists', `domain ${domain} exists already`);
  tx.notify('directory');
  return domain;
});

export interface SetDomain {
  readonly domain: string;
  /** null: no catch-all. */
  readonly catchAll?: AccountId | null;
  readonly separator?: string;
  readonly addressSignIn?: boolean;
  readonly arcSeal?: boolean;
}

/** Changes what is given. Throws `domain-not-found`, `account-not-found` (catch-all), `bad-request`. */
export const setDomain: Mutation<SetDomain, void> = defineMutation('directory.setDomain', function* (tx, args: SetDomain) {
  const old = yield* findDomain(normalizeDomain(args.domain));
  if (old === undefined) throw new DomainError('domain-not-found', `there is no domain ${args.domain}`);
  const catchAll = args.catchAll === undefined ? (old.catchAll ?? null) : args.catchAll;
  if (typeof args.catchAll === 'number' && (yield* one(sql`SELECT 1 FROM account WHERE account = ${args.catchAll}`)) === undefined) {
    throw new DomainError('account-not-found', 'the catch-all account does not exist');
  }
  yield* run(sql`
    UPDATE domain SET catch_all = ${catchAll}, separator = ${checkSeparator(args.separator ?? old.separator)},
      address_sign_in = ${(args.addressSignIn ?? old.addressSignIn) ? 1 : 0}, arc_seal = ${(args.arcSeal ?? old.arcSeal) ? 1 : 0} WHERE domain = ${old.domain}`);
  tx.notify('directory');
});

/** Throws `domain-not-found`, `domain-not-empty` while addresses are left in it. */
export const removeDomain: Mutation<{ readonly domain: string }, void> = defineMutation(
  'directory.removeDomain',
  function* (tx, args: { readonly domain: string }) {
    const domain = normalizeDomain(args.domain);
    if (yield* one(sql`SELECT 1 FROM address WHERE domain = ${domain} LIMIT 1`)) {
      throw new DomainError('domain-not-empty', `domain ${domain} still has addresses: remove them first`);
    }
    if ((yield* run(sql`DELETE FROM domain WHERE domain = ${domain}`)) === 0) throw new DomainError('domain-not-found', `there is no domain ${domain}`);
    yield* run(sql`DELETE FROM dkim_key WHERE domain = ${domain}`);
    tx.notify('directory');
  },
);

interface DomainRow {
  readonly domain: string;
  readonly catch_all: number | null;
  readonly separator: string;
  readonly address_sign_in: number;
  readonly arc_seal: number;
  readonly created_at: number;
}

/** A domain by its normal form. */
export function* findDomain(domain: string): Program<DomainInfo | undefined> {
  const row = yield* one<DomainRow>(sql`SELECT domain, catch_all, separator, address_sign_in, arc_seal, created_at FROM domain WHERE domain = ${domain}`);
  return row === undefined ? undefined : toInfo(row);
}

/** Up to `limit` domains (1,000) in alphabetical order, after the given one. */
export function* listDomains(page: { readonly after?: string; readonly limit?: number } = {}): Program<readonly DomainInfo[]> {
  const found = yield* all<DomainRow>(sql`
    SELECT domain, catch_all, separator, address_sign_in, arc_seal, created_at FROM domain
    WHERE domain > ${page.after ?? ''} ORDER BY domain LIMIT ${page.limit ?? 1000}`);
  return found.map(toInfo);
}

function toInfo(row: DomainRow): DomainInfo {
  return {
    domain: row.domain,
    catchAll: (row.catch_all ?? undefined) as AccountId | undefined,
    separator: row.separator,
    addressSignIn: row.address_sign_in === 1,
    arcSeal: row.arc_seal === 1,
    createdAtMs: row.created_at,
  };
}

/** One character that no login can hold: so a login never reads as somebody's detail. */
function checkSeparator(separator: string): string {
  if (!/^[+=#~!%&*]?$/.test(separator)) throw new DomainError('bad-request', `"${separator}" cannot separate a detail: use + = # ~ ! % & * or nothing`);
  return separator;
}
