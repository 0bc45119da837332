/**
 * What all signatures of one message share: its fields in canonical form, its body hashes, the look-ups of keys.
 *
 * RFC 6376 §3.7
 */
import { yieldToLoop } from '#core/async.ts';
import type { Header } from '#message/header.ts';
import type { Resolver } from '#net/dns/resolver.ts';
import { type BodyDigest, CanonicalBody } from './canonical-body.ts';
import { SignableFields } from './canonical-header.ts';
import type { BodyFacts } from './judge.ts';
import { type FoundKeys, KeyLookup } from './key-lookup.ts';
import type { Signature } from './signature.ts';
import { ownOctets, type TaggedField } from './tagged-field.ts';

/** Verifications between two pauses: each may be over the largest header there is, with the largest keys. */
const VERIFICATIONS_IN_A_ROW = 3;

export class SignedMessage {
  readonly fields: SignableFields;
  readonly nowMs: number;
  readonly #lookup: KeyLookup;
  #simple: CanonicalBody | undefined;
  #relaxed: CanonicalBody | undefined;
  #deadline: Promise<FoundKeys> | undefined;
  #verified = 0;

  constructor(resolver: Resolver, header: Header, nowMs: number) {
    this.fields = new SignableFields(header);
    this.#lookup = new KeyLookup(resolver);
    this.nowMs = nowMs;
  }

  /** Asks for a key; the answer is kept. */
  beginLookup(signature: { readonly domain: string; readonly selector: string }): void {
    void this.#lookup.find(signature);
  }

  /** The keys, or `unknown` when the deadline comes first. */
  async keysOf(signature: { readonly domain: string; readonly selector: string }): Promise<FoundKeys> {
    const keys = this.#lookup.find(signature);
    return await (this.#deadline === undefined ? keys : Promise.race([keys, this.#deadline]));
  }

  /** To be called before each verification: lets other events run after some of them. */
  async pause(): Promise<void> {
    if (++this.#verified % VERIFICATIONS_IN_A_ROW === 0) await yieldToLoop();
  }

  /** From now on keys are waited for only so long; returns what ends the timer. */
  setDeadline(timeoutMs: number): () => void {
    const { promise, resolve } = Promise.withResolvers<FoundKeys>();
    this.#deadline = promise;
    const timer = setTimeout(resolve, timeoutMs, { status: 'unknown', reason: 'the DNS did not answer in time' });
    timer.unref();
    return () => {
      clearTimeout(timer);
    };
  }

  /** The hash that a signature needs; to be called before the first octet of the body. */
  digestFor({ bodyCanonicalization, bodyLength }: Pick<Signature, 'bodyCanonicalization' | 'bodyLength'>): BodyDigest {
    const body = bodyCanonicalization === 'simple' ? (this.#simple ??= new CanonicalBody('simple')) : (this.#relaxed ??= new CanonicalBody('relaxed'));
    return body.digestOf(bodyLength);
  }

  updateBody(chunk: Uint8Array): void {
    this.#simple?.update(chunk);
    this.#relaxed?.update(chunk);
  }

  finishBody(): void {
    this.#simple?.finish();
    this.#relaxed?.finish();
  }

  bodyFacts(signature: Signature, digest: BodyDigest): BodyFacts {
    const body = signature.bodyCanonicalization === 'simple' ? this.#simple : this.#relaxed;
    return { digest: digest.digest(), length: body?.length ?? 0 };
  }

  /** The octets under a signature: the fields it names, then its own without the value of `b=`. */
  signedOctets(signature: Signature, field: TaggedField): string {
    const { headerCanonicalization, signedFields } = signature;
    return this.fields.select(signedFields, headerCanonicalization) + ownOctets(field, headerCanonicalization);
  }
}
