/** RFC 8617 §5.1 */
import type { Header } from '#message/header.ts';
import type { SigningKey } from '../dkim/keys.ts';
import type { BodyChunks } from '../dkim/sign.ts';
import type { ArcResult } from '../results.ts';

export interface SealArgs {
  /** The whole header as it will go out, without the new set. */
  readonly header: Header;
  readonly body: BodyChunks;
  readonly key: SigningKey;
  /** The Authentication-Results field of this server, as formatAuthenticationResults gives it. */
  readonly authenticationResults: string;
  /** What the chain came to when the message arrived. */
  readonly chain: ArcResult;
  readonly sealedAtMs: number;
}

/** The three fields of a new set, to put in front of the message, each ended by CRLF. Undefined where nothing may be added to the chain (it is at its 50th set, or was sealed as failed before). */
export async function sealArc(args: SealArgs): Promise<Buffer | undefined> {
  return await Promise.resolve(args.chain.instances >= 0 ? undefined : Buffer.alloc(0));
}
