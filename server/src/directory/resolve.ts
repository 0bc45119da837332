/**
 * Where mail for an address goes: exact address, then without detail, then postmaster and abuse, then the catch-all. A handful of key look-ups, whatever
 * the size of the server.
 *
 * RFC 5321 §4.5.1 (postmaster) · RFC 2142 §2, §4 (abuse) · RFC 5233 (detail)
 */
import type { AccountId } from '#core/ids.ts';
import { one, type Program, sql } from '#store/sql.ts';
import type { Resolution } from './directory.ts';
import { type DomainInfo, findDomain } from './domains.ts';
import { type Address, domainKey, formatAddress, localPartKey } from './names.ts';
import { isReserved } from './reserved.ts';

/** Addresses of every domain that reach the administrator where nobody has them: those that must exist, and those that other servers send reports to. */
const STANDING: ReadonlySet<string> = new Set(['postmaster', 'abuse', 'dmarc-reports', 'tls-reports', 'noreply-dmarc']);

/** Undefined where the domain is not ours or nobody has that address. */
export function* resolveAddress(localPart: string, domain: string, nowMs: number): Program<Resolution | undefined> {
  const key = domainKey(domain);
  if (key === undefined) return undefined;
  // The common case first: a domain with addresses cannot be removed, so who has the address needs no look at the domain.
  const address = { localPart: localPartKey(localPart), domain: key };
  const exact = yield* reach(address);
  if (exact) return { ...exact, address: formatAddress(address), detail: undefined, isCatchAll: false };
  const found = yield* findDomain(key);
  if (found === undefined) return undefined;

  const { base, detail } = splitDetail(localPart, found);
  const plain = detail === undefined ? undefined : yield* reach(base);
  if (plain) return { ...plain, address: formatAddress(base), detail, isCatchAll: false };

  if (STANDING.has(base.localPart)) {
    const administrator = yield* findAdministrator();
    const reached = administrator === undefined ? undefined : yield* reachAccount(administrator);
    if (reached) return { ...reached, address: formatAddress(base), detail, isCatchAll: false };
  }
  if (found.catchAll === undefined || (yield* isReserved(formatAddress(base), nowMs))) return undefined;
  const caught = yield* reachAccount(found.catchAll);
  return caught && { ...caught, address: formatAddress(base), detail, isCatchAll: true };
}

/** `postmaster` without a domain. */
export function* resolveBarePostmaster(): Program<Resolution | undefined> {
  const administrator = yield* findAdministrator();
  const reached = administrator === undefined ? undefined : yield* reachAccount(administrator);
  return reached && { ...reached, address: 'postmaster', detail: undefined, isCatchAll: false };
}

/** The account that has the address, with or without detail; catch-all and standing names do not count as one's own, except for the administrator. */
export function* ownsAddress(account: AccountId, localPart: string, domain: string): Program<boolean> {
  const key = domainKey(domain);
  const found = key === undefined ? undefined : yield* findDomain(key);
  if (found === undefined) return false;
  const address = { localPart: localPartKey(localPart), domain: found.domain };
  const exact = yield* ownerOf(address);
  if (exact !== undefined) return exact === account;
  const { base } = splitDetail(localPart, found);
  const owner = yield* ownerOf(base);
  if (owner !== undefined) return owner === account;
  return (base.localPart === 'postmaster' || base.localPart === 'abuse') && (yield* findAdministrator()) === account;
}

/** The administrator who gets postmaster's mail: the oldest who is not disabled. */
function* findAdministrator(): Program<AccountId | undefined> {
  const row = yield* one<{ readonly account: AccountId }>(sql`SELECT account FROM account WHERE is_admin = 1 ORDER BY state = 'disabled', account LIMIT 1`);
  return row?.account;
}

function* ownerOf(address: Address): Program<AccountId | undefined> {
  const row = yield* one<{ readonly account: AccountId }>(
    sql`SELECT account FROM address WHERE domain = ${address.domain} AND local_part = ${address.localPart}`,
  );
  return row?.account;
}

type Reached = Pick<Resolution, 'account' | 'quotaBytes' | 'usedBytes' | 'isDisabled'>;

interface ReachedRow {
  readonly account: AccountId;
  readonly quota_bytes: number;
  readonly used_bytes: number | null;
  readonly state: string;
}

function* reach(address: Address): Program<Reached | undefined> {
  const row = yield* one<ReachedRow>(sql`
    SELECT account, quota_bytes, used_bytes, state FROM address JOIN account USING (account) LEFT JOIN account_state USING (account)
    WHERE domain = ${address.domain} AND local_part = ${address.localPart}`);
  return row && toReached(row);
}

function* reachAccount(account: AccountId): Program<Reached | undefined> {
  const row = yield* one<ReachedRow>(sql`
    SELECT account, quota_bytes, used_bytes, state FROM account LEFT JOIN account_state USING (account) WHERE account = ${account}`);
  return row && toReached(row);
}

function toReached(row: ReachedRow): Reached {
  return { account: row.account, quotaBytes: row.quota_bytes, usedBytes: row.used_bytes ?? 0, isDisabled: row.state === 'disabled' };
}

/** The detail keeps its case: it may name a mailbox. */
function splitDetail(localPart: string, { domain, separator }: DomainInfo): { readonly base: Address; readonly detail: string | undefined } {
  const at = separator === '' ? -1 : localPart.indexOf(separator);
  if (at < 1) return { base: { localPart: localPartKey(localPart), domain }, detail: undefined };
  return { base: { localPart: localPartKey(localPart.slice(0, at)), domain }, detail: localPart.slice(at + 1).normalize('NFC') };
}
