/**
 * Who is who: domains, accounts, logins, addresses; and what a door may ask. Reads come from the store on this thread and are never stale beyond one commit.
 * Logins and addresses: ARCHITECTURE "Logins and addresses".
 */
import type { AccountId } from '#core/ids.ts';
import type { ListenerName } from '#net/connection.ts';

/** An account that has signed in. */
export interface Identity {
  readonly account: AccountId;
  readonly login: string;
  /** For people: the full name, or the login. */
  readonly name: string;
  readonly isAdmin: boolean;
  readonly language: string;
  /** The credentials that were true at sign-in, for `isCurrent`; undefined where no password was involved. */
  readonly credentialVersion?: number;
}

/** Where mail for an address goes. */
export interface Resolution {
  readonly account: AccountId;
  /** The address as it is known here, without detail: `jan.kowalski@capri.pl`. */
  readonly address: string;
  /** What stood behind the separator: `+invoices` gives `invoices`. */
  readonly detail: string | undefined;
  readonly isCatchAll: boolean;
  readonly quotaBytes: number;
  readonly usedBytes: number;
  readonly isDisabled: boolean;
}

/** A sign-in that was not accepted. The message is the same for every cause; the cause itself is for the user's own list and the log. */
export class SignInRefused extends Error {
  readonly cause_:
    | 'unknown-login'
    | 'wrong-password'
    | 'disabled'
    | 'limited'
    | 'address-sign-in-off'
    | 'app-password-required'
    | 'other-identity'
    | 'malformed';
  /** A page that helps, where the administrator named one. */
  readonly helpUrl: string | undefined;

  constructor(cause: SignInRefused['cause_'], helpUrl?: string) {
    super(`Sign-in refused; with a second factor on, use an app password${helpUrl === undefined ? '' : `: ${helpUrl}`}`);
    this.name = 'SignInRefused';
    this.cause_ = cause;
    this.helpUrl = helpUrl;
  }
}

export interface SignInContext {
  /** `control`: the control socket, that is the command line on this machine. */
  readonly listener: ListenerName | 'control';
  readonly remoteAddress: string;
  readonly connectionId: string;
  /** Whom the client asks to act as (the authorization identity of SASL): nobody but itself, by its login or the name it signs in with; empty means itself. */
  readonly actAs?: string;
}

export interface Directory {
  /** Whether every account has SCRAM keys, so that SCRAM may be shown in lists of mechanisms; it is accepted in any case. */
  readonly showsScram: boolean;
  /** Whether mail for this domain (lower-case A-label form) is received here. */
  isLocalDomain(domain: string): Promise<boolean>;
  /** The account behind `localPart@domain` (any case, U-label or A-label); undefined when the domain is ours and nobody has that address. `postmaster`, `abuse` always resolve. */
  resolve(localPart: string, domain: string): Promise<Resolution | undefined>;
  /** `postmaster` without a domain. */
  resolvePostmaster(): Promise<Resolution>;
  /** Whether the account may send as this address (own addresses, with any detail; case-insensitive). */
  maySendAs(account: AccountId, localPart: string, domain: string): Promise<boolean>;
  /** `login@domain` or the first address. */
  primaryAddress(account: AccountId): Promise<string>;
  /** Quota of the account in bytes; 0 means none. */
  quota(account: AccountId): Promise<{ readonly limitBytes: number; readonly usedBytes: number; readonly usedMessages: number }>;
  /** Whether an identity is still good: account enabled and credentials unchanged since sign-in. For long sessions. */
  isCurrent(identity: Identity): Promise<boolean>;
  /** Checks a login (or address) and password, with limits and delays. Throws SignInRefused. Success costs microseconds when cached. */
  signInWithPassword(login: string, password: string, context: SignInContext): Promise<Identity>;
  /** Stored SCRAM-SHA-256 keys of a login, or a stable fake for one that has none (never reveals which). */
  scramKeys(login: string, context: SignInContext): Promise<ScramKeys>;
  /** Ends a SCRAM exchange: on failure counts it against limits and throws SignInRefused. */
  finishScram(keys: ScramKeys, isProven: boolean, context: SignInContext): Promise<Identity>;
  /** Refuses what is no message of its mechanism, at the time of every other refusal: `startMs` (performance.now) is when it came. Throws SignInRefused. */
  refuseMalformed(context: SignInContext, startMs: number): Promise<never>;
}

/** RFC 5802 §3, RFC 7677. */
export interface ScramKeys {
  readonly login: string;
  readonly salt: Uint8Array;
  readonly iterations: number;
  readonly storedKey: Uint8Array;
  readonly serverKey: Uint8Array;
  /** Undefined for a fake: then no proof is right. */
  readonly account: AccountId | undefined;
}
