/**
 * The octets of a message as one server gets them: as they are, or made 7-bit. What is changed is signed again, since a signature is over what arrives
 * (RFC 6376 §5.3 would rather have it converted before it is signed; so it is, only later).
 *
 * RFC 6152 §3 · RFC 6376 §5.3
 */
import type { OutboundMessage } from '#queue/transport.ts';
import { CONVERSION_LIMIT, toSevenBit } from './seven-bit.ts';

export interface OutgoingContent {
  readonly sizeBytes: number;
  readonly isEightBit: boolean;
  read(start: number, length: number): Promise<Uint8Array>;
}

/** Undefined: it cannot be converted without harm. Throws what reading and signing throw. */
export async function contentFor(message: OutboundMessage, takesEightBit: boolean): Promise<OutgoingContent | undefined> {
  const { sizeBytes, isEightBit, signatureBytes = 0, sign } = message;
  if (!isEightBit || takesEightBit) return { sizeBytes, isEightBit, read: (start, length) => message.read(start, length) };
  if (sizeBytes > CONVERSION_LIMIT) return undefined;
  // A signature of ours goes, and comes back over what is sent.
  const skipped = sign ? signatureBytes : 0;
  const converted = toSevenBit(await message.read(skipped, sizeBytes - skipped));
  if (!converted) return undefined;
  const octets = sign && skipped > 0 ? Buffer.concat([await sign(converted), converted]) : converted;
  return { sizeBytes: octets.length, isEightBit: false, read: async (start, length) => await Promise.resolve(octets.subarray(start, start + length)) };
}
