/**
 * Signs a message: relaxed canonicalization of header and body, one signature for each key, the body read once.
 *
 * RFC 6376 §3.5, §3.7, §5 · RFC 8301 · RFC 8463
 */
import { createHash, type KeyObject, sign } from 'node:crypto';
import os from 'node:os';
import { Semaphore, yieldToLoop } from '#core/async.ts';
import type { Header } from '#message/header.ts';
import { CanonicalBody } from './canonical-body.ts';
import { relaxField, SignableFields, withoutLineEnd } from './canonical-header.ts';
import { overSignedFields } from './field-choice.ts';
import type { SigningKey } from './keys.ts';
import { SignatureField } from './signature-field.ts';

/** A body in pieces, CRLF line ends: what follows the header's empty line. */
export type BodyChunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

export interface SignArgs {
  /** The whole header. */
  readonly header: Header;
  readonly body: BodyChunks;
  /** One signature is made with each, in this order. */
  readonly keys: readonly SigningKey[];
  readonly signedAtMs: number;
  /** `x=`. */
  readonly expiresAtMs?: number | undefined;
}

/**
 * The DKIM-Signature fields to put in front of the message, each folded and ended by CRLF; empty without keys. RSA runs off the event loop. Throws what reading
 * the body throws.
 */
export async function signDkim({ header, body, keys, signedAtMs, expiresAtMs }: SignArgs): Promise<Buffer> {
  if (keys.length === 0) return Buffer.alloc(0);
  const fields = new SignableFields(header);
  const bodyHash = await hashBody(body);
  const names = overSignedFields(fields);
  const signed = fields.select(names, 'relaxed');
  const signatures = await Promise.all(
    keys.map(async (key) => {
      const field = new SignatureField('DKIM-Signature');
      field.add('v', '1');
      field.add('a', key.algorithm);
      field.add('c', 'relaxed/relaxed');
      field.add('d', key.domain);
      field.add('s', key.selector);
      field.add('t', seconds(signedAtMs));
      if (expiresAtMs !== undefined) field.add('x', seconds(expiresAtMs));
      field.addNames(names);
      field.addBase64('bh', bodyHash);
      return await completeSignature(field, signed, key);
    }),
  );
  return Buffer.from(signatures.join(''), 'latin1');
}

/** The field with its signature: over `signed` and then the field itself with an empty `b=`. Ended by CRLF. */
export async function completeSignature(field: SignatureField, signed: string, key: SigningKey): Promise<string> {
  const octets = signed + withoutLineEnd(relaxField(field.unsigned()));
  return field.signed(await signatureOf(Buffer.from(octets, 'latin1'), key.privateKey));
}

/** The hash for `bh=`. */
export async function hashBody(body: BodyChunks): Promise<Buffer> {
  const canonical = new CanonicalBody('relaxed');
  const digest = canonical.digestOf(Infinity);
  let sincePause = 0;
  for await (const chunk of body) {
    canonical.update(chunk);
    sincePause += chunk.length;
    // Chunks that are all there already would never let anybody else run.
    if (sincePause > OCTETS_IN_A_ROW) {
      sincePause = 0;
      await yieldToLoop();
    }
  }
  canonical.finish();
  return digest.digest();
}

const OCTETS_IN_A_ROW = 1024 * 1024;

export function seconds(timeMs: number): string {
  return String(Math.floor(timeMs / 1000));
}

/** RSA in a thread of Node's pool; Ed25519 costs less than going there. */
async function signatureOf(octets: Buffer, key: KeyObject): Promise<Buffer> {
  if (key.asymmetricKeyType === 'ed25519') return sign(null, createHash('sha256').update(octets).digest(), key);
  return await signers.use(() => signInPool(octets, key));
}

/** As many at a time as there are processors: more would only keep the event loops waiting for theirs. */
const signers = new Semaphore(os.availableParallelism());

function signInPool(octets: Buffer, key: KeyObject): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  sign('sha256', octets, key, (error, signature) => {
    if (error === null) resolve(signature);
    else reject(error);
  });
  return promise;
}
