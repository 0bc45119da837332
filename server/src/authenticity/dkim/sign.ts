/**
 * Signs a message: relaxed canonicalization of header and body, one signature for each key, the body read once.
 *
 * RFC 6376 §3.5, §3.7, §5 · RFC 8301 · RFC 8463
 */
import { hash, type KeyObject, sign } from 'node:crypto';
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
  /** From `hashBody` or `hashWholeBody`. */
  readonly bodyHash: Buffer;
  /** One signature is made with each, in this order. */
  readonly keys: readonly SigningKey[];
  readonly signedAtMs: number;
  /** `x=`. */
  readonly expiresAtMs?: number | undefined;
}

/**
 * The DKIM-Signature fields to put in front of the message, each folded and ended by CRLF; empty without keys. Keeps its thread busy for half a millisecond a
 * message, so it is for a thread that does nothing else.
 */
export function signDkim({ header, bodyHash, keys, signedAtMs, expiresAtMs }: SignArgs): Buffer {
  if (keys.length === 0) return Buffer.alloc(0);
  const fields = new SignableFields(header);
  const names = overSignedFields(fields);
  const signed = fields.select(names, 'relaxed');
  let signatures = '';
  for (const key of keys) {
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
    const octets = octetsUnder(field, signed);
    signatures += field.signed(key.privateKey.asymmetricKeyType === 'ed25519' ? signEd25519(octets, key.privateKey) : sign('sha256', octets, key.privateKey));
  }
  return Buffer.from(signatures, 'latin1');
}

/** The field with its signature: over `signed` and then the field itself with an empty `b=`. Ended by CRLF. RSA runs off the event loop. */
export async function completeSignature(field: SignatureField, signed: string, key: SigningKey): Promise<string> {
  return field.signed(await signatureOf(octetsUnder(field, signed), key.privateKey));
}

function octetsUnder(field: SignatureField, signed: string): Buffer {
  return Buffer.from(signed + withoutLineEnd(relaxField(field.unsigned())), 'latin1');
}

/** The hash for `bh=` of a body that is there as a whole. */
export function hashWholeBody(body: Uint8Array): Buffer {
  const canonical = new CanonicalBody('relaxed');
  const digest = canonical.digestOf(Infinity);
  canonical.update(body);
  canonical.finish();
  return digest.digest();
}

/** The hash for `bh=`; lets other events run in between. Throws what reading the body throws. */
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
  if (key.asymmetricKeyType === 'ed25519') return signEd25519(octets, key);
  return await signers.use(() => signInPool(octets, key));
}

/** RFC 8463 §3: over the hash. */
function signEd25519(octets: Buffer, key: KeyObject): Buffer {
  return sign(null, hash('sha256', octets, 'buffer'), key);
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
