/**
 * Signs what leaves: mail that an account of ours has submitted, and mail that the server itself has written. Forwarded mail is its author's, and keeps the author's
 * signature.
 *
 * RFC 6376 §5 · RFC 8463 (both algorithms) · RFC 9989 §3.2.10 (the signing domain is the author's)
 */
import { hashBody } from '#authenticity/dkim/sign.ts';
import type { Clock } from '#core/clock.ts';
import { parseHeaderMailboxes } from '#message/address.ts';
import { findHeaderEnd } from '#message/header-end.ts';
import { Header } from '#message/header.ts';
import type { QueuedMessage } from '#queue/queue-rows.ts';
import { asciiDomain } from '../path-text.ts';
import { bodyOf, readStart, type SignedContent } from './message-octets.ts';
import type { SigningKeys } from './signing-keys.ts';
import type { SigningThreads } from './signing-threads.ts';

export interface OutgoingSignerServices {
  readonly keys: SigningKeys;
  readonly threads: Pick<SigningThreads, 'sign'>;
  readonly clock: Clock;
}

const UNSIGNED = new Uint8Array(0);

export class OutgoingSigner {
  readonly #services: OutgoingSignerServices;

  constructor(services: OutgoingSignerServices) {
    this.#services = services;
  }

  /** The DKIM-Signature fields to put in front; empty for what is not signed. Throws what reading throws, and where nobody can sign. */
  async sign(message: Pick<QueuedMessage, 'account'>, content: SignedContent): Promise<Uint8Array> {
    const { keys, threads, clock } = this.#services;
    const first = await readStart(content);
    const headerEnd = findHeaderEnd(first);
    if (headerEnd === first.length && first.length < content.sizeBytes) return UNSIGNED;
    const header = new Header(first.subarray(0, headerEnd));
    // What has no Received field has come in by no door: the server has written it. Everything else must be an account's, whose rights to its author's address were checked.
    if (message.account === undefined && header.countOf('received') > 0) return UNSIGNED;
    const domain = authorDomain(header);
    if (domain === undefined) return UNSIGNED;
    const active = await keys.of(domain);
    if (active.length === 0) return UNSIGNED;
    // A body that is not here as a whole is hashed as it is read.
    const isWhole = first.length === content.sizeBytes;
    const bodyHash = isWhole ? undefined : await hashBody(bodyOf(first.subarray(headerEnd), first.length, content));
    const octets = new Uint8Array(isWhole ? first : first.subarray(0, headerEnd));
    return await threads.sign({ octets, headerEnd, bodyHash, keys: active, signedAtMs: clock.nowMs() });
  }
}

/** The domain of the first author, in lower-case A-labels; undefined where there is no single From field. */
function authorDomain(header: Header): string | undefined {
  if (header.countOf('from') !== 1) return undefined;
  const [author] = parseHeaderMailboxes(header.first('from') ?? '');
  return author === undefined || author.domain === '' ? undefined : asciiDomain(author.domain);
}
