/**
 * SPF: may this client use the domain of the reverse-path.
 *
 * RFC 7208 §2.4 (identities), §4 (check_host), §4.6.4 (limits) · RFC 8616 §4 (internationalized names)
 */
import type { Resolver } from '#net/dns/resolver.ts';
import { canonicalAddress } from '#net/address.ts';
import { domainToName } from '../domain-name.ts';
import type { SpfResult } from '../results.ts';
import { Evaluation } from './evaluation.ts';
import { addressOctets } from './network.ts';

/** What a client said and where it came from. */
export interface SpfQuery {
  /** The client's address, in any text form. */
  readonly address: string;
  /** The name in HELO or EHLO, as given. */
  readonly helo: string;
  /** The reverse-path; undefined for the null one, which is then `postmaster` at the HELO name (RFC 7208 §2.4). */
  readonly sender: { readonly localPart: string; readonly domain: string } | undefined;
  /** Our own name, for `%{r}` of explanations. */
  readonly hostname: string;
  /** For `%{t}` of explanations; one that wants it is left out where this is undefined. */
  readonly nowMs?: number | undefined;
}

/** §4.6.4: the limit should allow at least 20 seconds. */
const LONGEST_CHECK_MS = 20_000;

/** Whether the client may use the domain of its reverse-path. Never throws: what could not be found out is `temperror`. */
export async function checkSpf(resolver: Resolver, query: SpfQuery): Promise<SpfResult> {
  const scope = query.sender === undefined ? 'helo' : 'mfrom';
  const given = query.sender?.domain ?? query.helo;
  const domain = domainToName(given);
  const address = canonicalAddress(query.address);
  const octets = address === undefined ? undefined : addressOctets(address);
  // §4.3: no name that could have a record.
  if (domain?.includes('.') !== true) return { result: 'none', scope, domain: domain ?? '', reason: 'no domain name that could have an SPF record' };
  if (address === undefined || octets === undefined) return { result: 'none', scope, domain, reason: 'the client has no IP address' };
  const evaluation = new Evaluation(resolver, {
    address,
    octets,
    helo: query.helo,
    localPart: query.sender === undefined || query.sender.localPart === '' ? 'postmaster' : query.sender.localPart,
    senderDomain: domain,
    hostname: query.hostname,
    nowMs: query.nowMs,
  });
  return { scope, domain, ...(await withTimeLimit(evaluation, domain)) };
}

async function withTimeLimit(evaluation: Evaluation, domain: string): Promise<Pick<SpfResult, 'result' | 'mechanism' | 'explanation' | 'reason'>> {
  const late = Promise.withResolvers<{ readonly result: 'temperror'; readonly reason: string }>();
  const timer = setTimeout(() => {
    evaluation.stop();
    late.resolve({ result: 'temperror', reason: `the DNS took longer than ${LONGEST_CHECK_MS / 1000} seconds` });
  }, LONGEST_CHECK_MS);
  try {
    return await Promise.race([evaluation.run(domain), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
