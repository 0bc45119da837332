/**
 * What the checks of a message's origin came to. Plain data: it is written into Authentication-Results, the trail and aggregate reports, and decisions are made
 * from it.
 *
 * RFC 8601 §2.7 (names of results)
 */

/** RFC 7208 §2.6. */
export type SpfResultName = 'none' | 'neutral' | 'pass' | 'fail' | 'softfail' | 'temperror' | 'permerror';

export interface SpfResult {
  readonly result: SpfResultName;
  /** Whose record was asked: the reverse-path's domain, or the HELO name where that is null (RFC 7208 §2.4). A-labels, lower case. */
  readonly domain: string;
  readonly scope: 'mfrom' | 'helo';
  /** The term that decided, as written; undefined where none matched. */
  readonly mechanism?: string | undefined;
  /** `exp=` of a fail, expanded and printable ASCII. RFC 7208 §6.2 */
  readonly explanation?: string | undefined;
  /** For people and the trail: why an error or none. */
  readonly reason?: string | undefined;
}

/** RFC 8601 §2.7.1. `policy`: it verifies, and is not good enough for us (a key under 1024 bits). */
export type DkimResultName = 'none' | 'pass' | 'fail' | 'policy' | 'neutral' | 'temperror' | 'permerror';

/** One signature. */
export interface DkimResult {
  readonly result: DkimResultName;
  /** `d=`, lower case A-labels; empty where it could not be read. */
  readonly domain: string;
  readonly selector: string;
  /** `rsa-sha256`, `ed25519-sha256`. */
  readonly algorithm: string;
  /** `i=`, or `@d`. */
  readonly identity: string;
  /** The first characters of `b=`: tells signatures apart (RFC 6008). */
  readonly signatureStart: string;
  readonly keyBits?: number | undefined;
  /** The key says `t=y`: the domain is only testing. */
  readonly isTesting?: boolean | undefined;
  readonly reason?: string | undefined;
}

/** RFC 8617 §4.4, §5.2. */
export interface ArcResult {
  readonly result: 'none' | 'pass' | 'fail';
  /** Number of sets; 0 where there are none. */
  readonly instances: number;
  /** Who sealed, the newest first; lower case. */
  readonly sealers: readonly string[];
  /** The oldest instance whose message signature still verifies (`oldest-pass`, 0: all do). */
  readonly oldestPass?: number | undefined;
  /** What the newest set's ARC-Authentication-Results says, as it stands. */
  readonly authenticationResults?: string | undefined;
  readonly reason?: string | undefined;
}

/** RFC 8601 §3: does the address have a name that leads back to it. */
export interface IprevResult {
  readonly result: 'pass' | 'fail' | 'temperror' | 'permerror';
  /** The name that leads back; undefined where none does. */
  readonly name?: string | undefined;
}

export type DmarcPolicy = 'none' | 'quarantine' | 'reject';

/** RFC 9989. */
export interface DmarcResult {
  readonly result: 'none' | 'pass' | 'fail' | 'temperror' | 'permerror';
  /** The author's domain; empty where there is no single one. */
  readonly fromDomain: string;
  /** Where the record was found; undefined where there is none. */
  readonly policyDomain?: string | undefined;
  readonly organizationalDomain?: string | undefined;
  /** What the record asks for this author's domain (p, sp or np, `t=y` taken into account), pass or not. */
  readonly policy?: DmarcPolicy | undefined;
  /** What it would ask if it were not for `t=y`. */
  readonly published?:
    | {
        readonly p: DmarcPolicy;
        readonly sp: DmarcPolicy;
        readonly np: DmarcPolicy;
        readonly adkim: 'r' | 's';
        readonly aspf: 'r' | 's';
        readonly isTesting: boolean;
      }
    | undefined;
  /** `rua=`, as URIs. */
  readonly reportTo?: readonly string[] | undefined;
  readonly alignedSpf: boolean;
  readonly alignedDkim: boolean;
  readonly reason?: string | undefined;
}

/** Everything that was found out about one message. */
export interface Checks {
  readonly spf: SpfResult;
  /** One for each signature looked at, in the order of the header; empty where there is none. */
  readonly dkim: readonly DkimResult[];
  readonly dmarc: DmarcResult;
  readonly arc: ArcResult;
  readonly iprev: IprevResult;
}
