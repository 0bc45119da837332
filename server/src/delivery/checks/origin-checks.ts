/**
 * The checks of one message's origin, from MAIL to its end. What can begin early does: SPF and iprev at MAIL, look-ups of keys and of the policy when the header has
 * come; the body is hashed while it arrives. At the end everything together is waited for no longer than the settings say: what is not known then is `temperror`.
 *
 * RFC 7208 · RFC 6376 · RFC 8617 · RFC 9989 · RFC 8601 §3
 */
import { evaluateDmarc } from '#authenticity/dmarc/evaluate-dmarc.ts';
import { checkIprev } from '#authenticity/iprev.ts';
import type { ArcResult, Checks, DkimResult, DmarcResult, IprevResult, SpfResult } from '#authenticity/results.ts';
import { type SignatureResults, SignatureVerifier } from '#authenticity/signature-verifier.ts';
import { checkSpf } from '#authenticity/spf/check-spf.ts';
import type { Header } from '#message/header.ts';
import type { Resolver } from '#net/dns/resolver.ts';
import { asciiDomain } from '../path-text.ts';
import { type Author, authorOf } from './author.ts';
import { Deadline } from './deadline.ts';

export interface CheckedOrigin {
  readonly resolver: Resolver;
  /** The client's; undefined where it is not known (LMTP). */
  readonly address: string | undefined;
  readonly helo: string;
  readonly sender: { readonly localPart: string; readonly domain: string } | undefined;
  /** Ours. */
  readonly hostname: string;
  readonly nowMs: number;
  readonly timeoutMs: number;
}

export interface CheckedMessage {
  readonly checks: Checks;
  readonly author: Author;
}

export class OriginChecks {
  readonly #origin: CheckedOrigin;
  readonly #spf: Promise<SpfResult>;
  readonly #iprev: Promise<IprevResult>;
  #verifier: SignatureVerifier | undefined;
  #author: Author = NO_AUTHOR;

  /** Begins at once. */
  constructor(origin: CheckedOrigin) {
    const { resolver, address, helo, sender, hostname, nowMs } = origin;
    this.#origin = origin;
    this.#spf = address === undefined ? Promise.resolve(spfWithout(origin, 'none', NOT_KNOWN)) : checkSpf(resolver, { address, helo, sender, hostname, nowMs });
    this.#iprev = address === undefined ? Promise.resolve({ result: 'permerror' }) : checkIprev(resolver, address);
  }

  /** Without it, nothing can be said of signatures and author. */
  header(header: Header): void {
    const { resolver, nowMs, timeoutMs } = this.#origin;
    this.#verifier = new SignatureVerifier(resolver, { header, nowMs, timeoutMs: timeoutMs * KEYS_SHARE });
    this.#author = authorOf(header);
    this.#askAhead();
  }

  body(chunk: Uint8Array): void {
    this.#verifier?.body(chunk);
  }

  /** Never throws. */
  async finish(): Promise<CheckedMessage> {
    const { resolver, timeoutMs } = this.#origin;
    const author = this.#author;
    const verifier = this.#verifier;
    using deadline = new Deadline(timeoutMs);
    const [spf, iprev, { dkim, arc }] = await Promise.all([
      deadline.race(this.#spf, () => spfWithout(this.#origin, 'temperror', TIME_LIMIT)),
      deadline.race<IprevResult>(this.#iprev, () => ({ result: 'temperror' })),
      verifier === undefined ? TOO_LONG : deadline.race(verifier.finish(), () => signaturesWithout('temperror', TIME_LIMIT)),
    ]);
    const dmarc =
      verifier === undefined
        ? dmarcWithout(author, 'permerror', HEADER_TOO_LONG)
        : await deadline.race(this.#dmarc(resolver, author, spf, dkim), () => dmarcWithout(author, 'temperror', TIME_LIMIT));
    return { checks: { spf, dkim, dmarc, arc, iprev }, author };
  }

  async #dmarc(resolver: Resolver, author: Author, spf: SpfResult, dkim: readonly DkimResult[]): Promise<DmarcResult> {
    if (author.problem === 'no-from' || author.problem === 'several-from') return dmarcWithout(author, 'permerror', author.problem);
    const result = await evaluateDmarc(resolver, { fromDomains: author.domains, spf, dkim });
    if (author.problem === undefined || result.result !== 'pass') return result;
    return { ...result, result: 'permerror', reason: author.problem };
  }

  /** The author's policy is asked for while the body comes: the answer is remembered by the resolver. */
  #askAhead(): void {
    const [domain] = this.#author.domains;
    const ascii = domain === undefined ? undefined : asciiDomain(domain);
    if (ascii !== undefined) this.#origin.resolver.resolveTxt(`_dmarc.${ascii}`).catch(() => undefined);
  }
}

/** Signatures whose keys came in time count although others are waited for; and something of the time is left for the policy. */
const KEYS_SHARE = 0.8;
const NO_AUTHOR: Author = { domains: [], problem: undefined };
const NOT_KNOWN = 'the address of the sending server is not known';
const TIME_LIMIT = 'time limit';
const HEADER_TOO_LONG = 'the header is too long';
const NO_ARC: ArcResult = { result: 'none', instances: 0, sealers: [] };
const TOO_LONG: SignatureResults = signaturesWithout('permerror', HEADER_TOO_LONG);

function spfWithout({ sender, helo }: CheckedOrigin, result: 'none' | 'temperror', reason: string): SpfResult {
  const given = sender?.domain ?? helo;
  return { result, domain: asciiDomain(given) ?? '', scope: sender === undefined ? 'helo' : 'mfrom', reason };
}

function signaturesWithout(result: 'temperror' | 'permerror', reason: string): SignatureResults {
  return { dkim: [{ result, domain: '', selector: '', algorithm: '', identity: '', signatureStart: '', reason }], arc: { ...NO_ARC, reason } };
}

function dmarcWithout({ domains }: Author, result: 'temperror' | 'permerror', reason: string): DmarcResult {
  const [domain] = domains;
  const fromDomain = domains.length === 1 && domain !== undefined ? (asciiDomain(domain) ?? '') : '';
  return { result, fromDomain, alignedSpf: false, alignedDkim: false, reason };
}
