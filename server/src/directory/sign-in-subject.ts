/** Whom a sign-in name means: one look-up for the account, its credentials and whether it is at home in this network. */
import type { AccountId } from '#core/ids.ts';
import { one, type Program, sql } from '#store/sql.ts';
import type { Identity } from './directory.ts';
import { parseSignInName } from './names.ts';
import { FAMILIAR_MS } from './sign-in-record.ts';

export interface Subject {
  /** What limits are counted on: the account, or the name where nobody has it. */
  readonly key: string;
  readonly account: SubjectAccount | undefined;
  /** Why the name cannot sign in, whatever the password. */
  readonly obstacle: 'unknown-login' | 'address-sign-in-off' | 'disabled' | undefined;
  /** Whether the account has signed in from this network within 30 days. */
  readonly isFamiliar: boolean;
}

export interface SubjectAccount {
  readonly account: AccountId;
  readonly login: string;
  readonly name: string;
  readonly language: string;
  readonly is_admin: number;
  readonly state: string;
  readonly password: string;
  readonly credential_version: number;
  readonly known_at: number | null;
}

export function* findSubject(name: string, network: string, nowMs: number): Program<Subject> {
  const parsed = parseSignInName(name);
  const key = parsed === undefined ? '' : 'login' in parsed ? parsed.login : `${parsed.localPart}@${parsed.domain}`;
  const account = parsed === undefined ? undefined : 'login' in parsed ? yield* byLogin(parsed.login, network) : yield* byAddress(parsed, network);
  if (account === undefined) return { key: `name ${key.replaceAll('\0', ' ')}`, account: undefined, obstacle: 'unknown-login', isFamiliar: false };
  return {
    key: String(account.account),
    account,
    obstacle: account.address_sign_in === 0 ? 'address-sign-in-off' : account.state === 'active' ? undefined : 'disabled',
    isFamiliar: account.known_at !== null && account.known_at > nowMs - FAMILIAR_MS,
  };
}

export function toIdentity(account: SubjectAccount): Identity {
  return {
    account: account.account,
    login: account.login,
    name: account.name || account.login,
    isAdmin: account.is_admin === 1,
    language: account.language,
    credentialVersion: account.credential_version,
  };
}

type Found = SubjectAccount & { readonly address_sign_in: number };

function* byLogin(login: string, network: string): Program<Found | undefined> {
  return yield* one<Found>(sql`
    SELECT a.account, a.login, a.name, a.language, a.is_admin, a.state, a.password, a.credential_version, k.last_at AS known_at, 1 AS address_sign_in
    FROM account a LEFT JOIN known_network k ON k.account = a.account AND k.network = ${network}
    WHERE a.login = ${login}`);
}

function* byAddress(address: { readonly localPart: string; readonly domain: string }, network: string): Program<Found | undefined> {
  return yield* one<Found>(sql`
    SELECT a.account, a.login, a.name, a.language, a.is_admin, a.state, a.password, a.credential_version, k.last_at AS known_at, d.address_sign_in
    FROM address x JOIN domain d ON d.domain = x.domain JOIN account a ON a.account = x.account
    LEFT JOIN known_network k ON k.account = a.account AND k.network = ${network}
    WHERE x.domain = ${address.domain} AND x.local_part = ${address.localPart}`);
}
