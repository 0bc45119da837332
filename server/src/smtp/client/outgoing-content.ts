/**
 * The octets of a message as one server gets them: as they are, or made 7-bit. What is changed is signed again, since a signature is over what arrives
 * (RFC 6376 §5.3 would rather have it converted before it is signed; so it is, only later).
 *
 * RFC 6152 §3 · RFC 6376 §5.3
 */
import type { OutboundMessage } from '#queue/transport.ts';
import type { Conversions } from './conversions.ts';
import { CONVERSION_LIMIT, toSevenBit } from './seven-bit.ts';

export interface OutgoingContent extends Disposable {
  readonly sizeBytes: number;
  readonly isEightBit: boolean;
  read(start: number, length: number): Promise<Uint8Array>;
}

/** Why there is none: it cannot be converted without harm, or there is no room for it now. */
export type NoContent = 'misfit' | 'busy';

/** Dispose of it when it is sent. Throws what reading and signing throw. */
export async function contentFor(message: OutboundMessage, takesEightBit: boolean, conversions: Conversions): Promise<OutgoingContent | NoContent> {
  const { sizeBytes, isEightBit } = message;
  if (!isEightBit || takesEightBit) return { sizeBytes, isEightBit, read: (start, length) => message.read(start, length), [Symbol.dispose]: () => undefined };
  if (sizeBytes > CONVERSION_LIMIT) return 'misfit';
  const room = await conversions.room(sizeBytes);
  if (room === undefined) return 'busy';
  using kept = new DisposableStack();
  kept.use(room);
  const octets = await convert(message);
  if (octets === undefined) return 'misfit';
  const held = kept.move();
  return {
    sizeBytes: octets.length,
    isEightBit: false,
    read: async (start, length) => await Promise.resolve(octets.subarray(start, start + length)),
    [Symbol.dispose]: () => held.dispose(),
  };
}

async function convert(message: OutboundMessage): Promise<Buffer | undefined> {
  const { sizeBytes, signatureBytes = 0, sign } = message;
  // A signature of ours goes, and comes back over what is sent.
  const skipped = sign ? signatureBytes : 0;
  const converted = toSevenBit(await message.read(skipped, sizeBytes - skipped));
  return converted && sign && skipped > 0 ? Buffer.concat([await sign(converted), converted]) : converted;
}
