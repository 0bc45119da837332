/**
 * Verifies a chain of ARC sets: the newest message signature, then every seal, newest first; then how far back the message was unchanged.
 *
 * RFC 8617 §5.2 (steps 4 to 6), §5.2.1 (all failures are permanent ones), §4.4 (oldest-pass)
 */
import type { BodyDigest } from '../dkim/canonical-body.ts';
import { judgeKeys, judgeSignature, judgeTimes, type Verdict } from '../dkim/judge.ts';
import { parseArcMessageSignature, type Signature } from '../dkim/signature.ts';
import type { SignedMessage } from '../dkim/signed-message.ts';
import { ownOctets } from '../dkim/tagged-field.ts';
import type { ArcResult } from '../results.ts';
import { type ArcChain, type ArcSet, readArcChain, sealedOctets, splitResults } from './chain.ts';

/** A set's message signature: not to be verified, or in the readings to try. */
type MessageSignature = { readonly set: ArcSet } & ({ readonly problem: Verdict } | { readonly readings: readonly [Reading, ...Reading[]] });

interface Reading {
  readonly signature: Signature;
  readonly digest: BodyDigest;
}

/** Seals whose keys are asked for before it is known whether the chain is worth it. */
const SEALS_ASKED_AT_ONCE = 10;

export class ArcVerifier {
  readonly #message: SignedMessage;
  readonly #chain: ArcChain;
  /** By instance, from 1. */
  readonly #signatures: readonly MessageSignature[];

  /** Begins the look-ups; to be made before the first octet of the body. */
  constructor(message: SignedMessage) {
    this.#message = message;
    this.#chain = readArcChain(message.fields);
    const sets = this.#chain.kind === 'sets' ? this.#chain.sets : [];
    this.#signatures = sets.map((set) => this.#prepare(set, set.instance === sets.length));
    const newest = this.#signatures.at(-1);
    if (newest === undefined || 'problem' in newest) return;
    message.beginLookup(newest.readings[0].signature);
    for (const { seal } of sets.slice(-SEALS_ASKED_AT_ONCE)) message.beginLookup(seal);
  }

  /** After the body's end. */
  async finish(): Promise<ArcResult> {
    const chain = this.#chain;
    switch (chain.kind) {
      case 'none':
        return { result: 'none', instances: 0, sealers: [] };
      case 'broken':
        return { result: 'fail', instances: chain.instances, sealers: chain.sealers, reason: chain.reason };
      case 'sets':
        return await this.#verify(chain.sets);
    }
  }

  async #verify(sets: readonly ArcSet[]): Promise<ArcResult> {
    const newest = sets.at(-1);
    const facts = {
      instances: sets.length,
      sealers: sets.map(({ seal }) => seal.domain).toReversed(),
      authenticationResults: newest === undefined ? undefined : splitResults(this.#message.fields.raw(newest.results))?.text,
    };
    const reason = (await this.#newestProblem()) ?? (await this.#sealProblem(sets));
    if (reason !== undefined) return { ...facts, result: 'fail', reason };
    return { ...facts, result: 'pass', oldestPass: await this.#oldestPass() };
  }

  async #newestProblem(): Promise<string | undefined> {
    const newest = this.#signatures.at(-1);
    if (newest === undefined) return 'there is no set';
    const { result, reason } = await this.#judge(newest);
    return result === 'pass' ? undefined : `message signature ${this.#signatures.length}: ${reason ?? result}`;
  }

  async #sealProblem(sets: readonly ArcSet[]): Promise<string | undefined> {
    for (const [index, { seal, sealField }] of [...sets.entries()].toReversed()) {
      const found = await this.#message.keysOf(seal);
      await this.#message.pause();
      const octets = sealedOctets(this.#message.fields, sets.slice(0, index), sets[index]) + ownOctets(sealField, 'relaxed');
      const { result, reason } = judgeKeys(found, { algorithm: seal.algorithm, signature: seal.signature, octets });
      if (result !== 'pass') return `seal ${index + 1}: ${reason ?? result}`;
    }
    return undefined;
  }

  /** The lowest instance from which all message signatures verify; 0 where that is all of them. */
  async #oldestPass(): Promise<number> {
    for (const [index, signature] of [...this.#signatures.entries()].toReversed().slice(1)) {
      if ((await this.#judge(signature)).result !== 'pass') return index + 2;
    }
    return 0;
  }

  async #judge(prepared: MessageSignature): Promise<Verdict> {
    if ('problem' in prepared) return prepared.problem;
    const found = await this.#message.keysOf(prepared.readings[0].signature);
    let verdict: Verdict = { result: 'neutral' };
    for (const { signature, digest } of prepared.readings) {
      await this.#message.pause();
      const octets = (): string => this.#message.signedOctets(signature, prepared.set.messageSignature);
      verdict = judgeSignature(signature, this.#message.bodyFacts(signature, digest), found, octets);
      if (verdict.result === 'pass') break;
    }
    return verdict;
  }

  #prepare(set: ArcSet, isNewest: boolean): MessageSignature {
    const { tags } = set.messageSignature;
    const parsed = parseArcMessageSignature(tags);
    if ('problem' in parsed) return { set, problem: parsed.problem };
    const { signature } = parsed;
    const problem = judgeTimes(signature, this.#message.nowMs) ?? unfit(signature, isNewest);
    if (problem !== undefined) return { set, problem };
    const first = this.#reading(signature);
    // Without c= a signature is simple (RFC 6376 §3.5). Sealers that follow the drafts, and the public test suite, take relaxed for ARC.
    if (tags?.has('c') === true) return { set, readings: [first] };
    return { set, readings: [first, this.#reading({ ...signature, headerCanonicalization: 'relaxed', bodyCanonicalization: 'relaxed' })] };
  }

  #reading(signature: Signature): Reading {
    return { signature, digest: this.#message.digestFor(signature) };
  }
}

/** What a message signature must not be beyond DKIM's rules. */
function unfit({ signedFields, bodyLength }: Signature, isNewest: boolean): Verdict | undefined {
  // §4.1.2
  if (signedFields.includes('arc-seal')) return { result: 'permerror', reason: 'ARC-Seal is signed' };
  // Of fifty signatures each could ask for a hash of its own; only one that decides may.
  if (bodyLength !== Infinity && !isNewest) return { result: 'policy', reason: 'only a part of the body is signed (l=)' };
  return undefined;
}
