/**
 * SCRAM-SHA-256 and SCRAM-SHA-256-PLUS: the password never leaves the client, and with channel binding nobody in between can pass the exchange on.
 *
 * RFC 5802 · RFC 7677 · RFC 9266, RFC 5929 (channel bindings)
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { latin1 } from '#core/bytes.ts';
import type { ScramKeys } from '#directory/directory.ts';
import type { TlsFacts } from '#net/connection.ts';
import { encodeBase64 } from './base64.ts';
import { MalformedResponse } from './malformed.ts';
import type { Mechanism, SaslContext, SaslExchange, SaslStep } from './mechanism.ts';
import { type ClientFinal, type ClientFirst, parseClientFinal, parseClientFirst } from './scram-messages.ts';

const BINDING_TYPES = ['tls-exporter', 'tls-server-end-point'] as const;

export const scramSha256: Mechanism = {
  name: 'SCRAM-SHA-256',
  needsScramKeys: true,
  isOffered: (tls) => tls !== undefined,
  start: (context) => scram(context, false),
};

export const scramSha256Plus: Mechanism = {
  name: 'SCRAM-SHA-256-PLUS',
  needsScramKeys: true,
  isOffered: canBind,
  start: (context) => scram(context, true),
};

function canBind(tls: TlsFacts | undefined): boolean {
  return tls !== undefined && BINDING_TYPES.some((type) => tls.channelBinding(type) !== undefined);
}

function scram(context: SaslContext, isPlus: boolean): SaslExchange {
  let begun:
    | { readonly first: ClientFirst; readonly keys: ScramKeys; readonly nonce: string; readonly serverFirst: string; readonly binding: Buffer }
    | undefined;

  async function begin(message: Uint8Array): Promise<SaslStep> {
    const first = parseClientFirst(message);
    const binding = Buffer.concat([Buffer.from(first.gs2Header), bindingData(first, isPlus, context)]);
    const keys = await context.directory.scramKeys(first.name, context);
    const nonce = first.nonce + randomBytes(18).toString('base64');
    const serverFirst = `r=${nonce},s=${encodeBase64(keys.salt)},i=${keys.iterations}`;
    begun = { first, keys, nonce, serverFirst, binding };
    return { kind: 'challenge', data: latin1(serverFirst) };
  }

  async function finish(message: Uint8Array, { first, keys, nonce, serverFirst, binding }: NonNullable<typeof begun>): Promise<SaslStep> {
    const final = parseClientFinal(message);
    const signed = `${first.bare},${serverFirst},${final.withoutProof}`;
    const isProven = final.nonce === nonce && isSame(final.channelBinding, binding) && isProof(final, signed, keys);
    const identity = await context.directory.finishScram(keys, isProven, { ...context, actAs: first.authzid });
    return { kind: 'done', identity, final: latin1(`v=${hmac(keys.serverKey, signed).toString('base64')}`) };
  }

  return {
    async next(response) {
      if (response === undefined) {
        if (begun) throw new MalformedResponse();
        return { kind: 'challenge', data: new Uint8Array() };
      }
      return begun ? finish(response, begun) : begin(response);
    },
  };
}

/** What the client must have bound to. Throws MalformedResponse where the flag does not fit the mechanism: RFC 5802 §6 (a downgrade, or a type we do not know). */
function bindingData(first: ClientFirst, isPlus: boolean, { tls, directory }: SaslContext): Buffer {
  if (typeof first.binding === 'object') {
    const { type } = first.binding;
    const known = BINDING_TYPES.find((candidate) => candidate === type);
    const data = isPlus && known ? tls?.channelBinding(known) : undefined;
    if (data === undefined) throw new MalformedResponse();
    return data;
  }
  // 'y' says "you do not show -PLUS": where we did, somebody took it out of the list.
  if (isPlus || (first.binding === 'y' && canBind(tls) && directory.showsScram)) throw new MalformedResponse();
  return Buffer.alloc(0);
}

/** RFC 5802 §3: StoredKey is the hash of the ClientKey, which the proof gives away only to who has the keys. */
function isProof(final: ClientFinal, signed: string, keys: ScramKeys): boolean {
  const signature = hmac(keys.storedKey, signed);
  if (final.proof.length !== signature.length) return false;
  const clientKey = Buffer.from(final.proof.map((byte, index) => byte ^ (signature[index] ?? 0)));
  return isSame(createHash('sha256').update(clientKey).digest(), Buffer.from(keys.storedKey));
}

function hmac(key: Uint8Array, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function isSame(left: Buffer, right: Buffer): boolean {
  return left.length === right.length && timingSafeEqual(left, right);
}
