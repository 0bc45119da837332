/**
 * Verifies all DKIM and ARC signatures of one message together: keys are asked for as soon as the header is there, the body goes through once, and equal
 * work is done once.
 *
 * RFC 6376 §6 · RFC 8617 §5.2
 */
import { FIELD_LIMIT, type Header } from '#message/header.ts';
import type { Resolver } from '#net/dns/resolver.ts';
import { ArcVerifier } from './arc/verify.ts';
import type { BodyDigest } from './dkim/canonical-body.ts';
import { judgeSignature, judgeTimes, type Verdict } from './dkim/judge.ts';
import { parseDkimSignature, type Signature, type SignatureLabels } from './dkim/signature.ts';
import { SignedMessage } from './dkim/signed-message.ts';
import { type TaggedField, taggedFields } from './dkim/tagged-field.ts';
import type { ArcResult, DkimResult } from './results.ts';

export interface VerifierOptions {
  /** The whole header. */
  readonly header: Header;
  /** When the message came in: signatures expire. */
  readonly nowMs: number;
  /** How long keys are waited for once the body has come. */
  readonly timeoutMs?: number | undefined;
}

/** What all signatures of one message came to. */
export interface SignatureResults {
  /** One for each signature looked at, in the order of the header. */
  readonly dkim: readonly DkimResult[];
  readonly arc: ArcResult;
}

/** RFC 6376 §6.1 lets a verifier stop after as many as it likes; these are the topmost. */
export const SIGNATURES_LOOKED_AT = 10;
const TIMEOUT_MS = 15_000;
const TOO_MANY_FIELDS = 'the header has too many fields';

/** One DKIM-Signature: decided by itself, or waiting for the body and its key. */
type Pending = { readonly labels: SignatureLabels } & (
  | { readonly verdict: Verdict }
  | { readonly signature: Signature; readonly field: TaggedField; readonly digest: BodyDigest }
);

/** The DKIM and ARC signatures of one message. Abandon it at any time. */
export class SignatureVerifier {
  readonly #message: SignedMessage;
  readonly #timeoutMs: number;
  readonly #pending: readonly Pending[];
  readonly #arc: ArcVerifier;
  /** Of a header that has more fields than are indexed nobody can say what was signed. */
  readonly #isCut: boolean;

  constructor(resolver: Resolver, { header, nowMs, timeoutMs }: VerifierOptions) {
    this.#timeoutMs = timeoutMs ?? TIMEOUT_MS;
    this.#message = new SignedMessage(resolver, header, nowMs);
    this.#isCut = header.count >= FIELD_LIMIT;
    this.#pending = taggedFields(this.#message.fields, 'dkim-signature', SIGNATURES_LOOKED_AT).map((field) => this.#prepare(field));
    this.#arc = new ArcVerifier(this.#message);
  }

  /** The next octets of the body, CRLF line ends. */
  body(chunk: Uint8Array): void {
    this.#message.updateBody(chunk);
  }

  /** After the body's end. Never throws. */
  async finish(): Promise<SignatureResults> {
    this.#message.finishBody();
    const endTimer = this.#message.setDeadline(this.#timeoutMs);
    try {
      const dkim: DkimResult[] = [];
      for (const pending of this.#pending) dkim.push(await this.#conclude(pending));
      const arc = await this.#arc.finish();
      return { dkim, arc: this.#isCut && arc.result === 'pass' ? { ...arc, result: 'fail', reason: TOO_MANY_FIELDS } : arc };
    } finally {
      endTimer();
    }
  }

  #prepare(field: TaggedField): Pending {
    const parsed = parseDkimSignature(field.tags);
    const { labels } = parsed;
    if ('problem' in parsed) return { labels, verdict: parsed.problem };
    if (this.#isCut) return { labels, verdict: { result: 'policy', reason: TOO_MANY_FIELDS } };
    const { signature } = parsed;
    const verdict = judgeTimes(signature, this.#message.nowMs);
    if (verdict !== undefined) return { labels, verdict };
    this.#message.beginLookup(signature);
    return { labels, signature, field, digest: this.#message.digestFor(signature) };
  }

  async #conclude(pending: Pending): Promise<DkimResult> {
    if ('verdict' in pending) return { ...pending.labels, ...pending.verdict };
    const { labels, signature, field, digest } = pending;
    const found = await this.#message.keysOf(signature);
    await this.#message.pause();
    const body = this.#message.bodyFacts(signature, digest);
    return { ...labels, ...judgeSignature(signature, body, found, () => this.#message.signedOctets(signature, field)) };
  }
}
