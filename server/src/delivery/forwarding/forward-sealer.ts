/**
 * Seals forwarded mail when it leaves, where the domain that forwards it wants that: what we have found out about its origin, signed, for a next server that trusts us.
 * In the main thread, since private keys do not leave it.
 *
 * RFC 8617 §5.1 (sealing)
 */
import { sealArc } from '#authenticity/arc/seal.ts';
import { isAuthenticationResultsOf, parseAuthenticationResults } from '#authenticity/read-authentication-results.ts';
import type { ArcResult } from '#authenticity/results.ts';
import type { Clock } from '#core/clock.ts';
import { findHeaderEnd } from '#message/header-end.ts';
import { Header } from '#message/header.ts';
import type { QueuedMessage } from '#queue/queue-rows.ts';
import { bodyOf, readStart, type SignedContent } from '../signing/message-octets.ts';
import type { SigningKeys } from '../signing/signing-keys.ts';
import type { ForwardBook } from './forward-book.ts';

export interface ForwardSealerServices {
  readonly keys: SigningKeys;
  readonly forwards: ForwardBook;
  readonly clock: Clock;
  /** The name in our Authentication-Results. */
  readonly hostname: string;
}

const UNSEALED = new Uint8Array(0);

export class ForwardSealer {
  readonly #services: ForwardSealerServices;

  constructor(services: ForwardSealerServices) {
    this.#services = services;
  }

  /** The fields of a new ARC set; empty for what is not forwarded or not to be sealed. Throws what reading throws. */
  async seal(message: Pick<QueuedMessage, 'forward'>, content: SignedContent): Promise<Uint8Array> {
    const { keys, forwards, clock, hostname } = this.#services;
    if (message.forward === undefined) return UNSEALED;
    const first = await readStart(content);
    const headerEnd = findHeaderEnd(first);
    if (headerEnd === first.length && first.length < content.sizeBytes) return UNSEALED;
    const header = new Header(first.subarray(0, headerEnd));
    // Both are ours, in front of everything that came: trace fields of the forward, and results, of which the others in our name were taken out.
    const domain = domainOf(header.first('delivered-to') ?? '');
    const results = header.first('authentication-results');
    if (results === undefined || !isAuthenticationResultsOf(results, hostname) || !(await forwards.seals(domain))) return UNSEALED;
    const [key] = await keys.of(domain);
    if (key === undefined) return UNSEALED;
    const sealed = await sealArc({
      header,
      body: bodyOf(first.subarray(headerEnd), first.length, content),
      key,
      authenticationResults: `Authentication-Results: ${results}`,
      chain: chainOf(header, results),
      sealedAtMs: clock.nowMs(),
    });
    return sealed ?? UNSEALED;
  }
}

/** What the chain came to when the message arrived, as our own results tell it. */
function chainOf(header: Header, results: string): ArcResult {
  const told = parseAuthenticationResults(results)?.results.find(({ method }) => method === 'arc')?.result;
  const instances = header.countOf('arc-seal');
  return { result: told === 'pass' || told === 'fail' ? told : 'none', instances, sealers: [] };
}

function domainOf(address: string): string {
  return address
    .slice(address.lastIndexOf('@') + 1)
    .trim()
    .toLowerCase();
}
