/**
 * What a SEARCH asks for, as parsed: a tree of criteria with everything folded and looked up that can be before a message is seen.
 *
 * RFC 9051 §6.4.4 · RFC 3501 §6.4.4 · RFC 5032 (OLDER, YOUNGER) · RFC 7162 §3.1.5 (MODSEQ) · RFC 8474 §6 (EMAILID, THREADID) · RFC 8514 §4.4 (SAVED*)
 */
import type { SequenceSet } from '../wire/sequence-set.ts';

export type DayRelation = 'before' | 'on' | 'since';

export type Criterion =
  | { readonly kind: 'all' }
  | { readonly kind: 'and' | 'or'; readonly of: readonly Criterion[] }
  | { readonly kind: 'not'; readonly of: Criterion }
  /** A system flag by its bit (store/flags.ts). */
  | { readonly kind: 'flag'; readonly bit: number }
  /** A keyword; compared without case. */
  | { readonly kind: 'keyword'; readonly name: string }
  | { readonly kind: 'recent' }
  | { readonly kind: 'sequence' | 'uid'; readonly set: SequenceSet }
  | { readonly kind: 'larger' | 'smaller'; readonly bytes: number }
  /** `dayMs`: the beginning of the day, as if in UTC. */
  | { readonly kind: 'internal-date' | 'sent-date' | 'saved-date'; readonly relation: DayRelation; readonly dayMs: number }
  /** INTERNALDATE at most (younger) or at least (older) so many seconds ago. */
  | { readonly kind: 'older' | 'younger'; readonly seconds: number }
  | { readonly kind: 'modseq'; readonly atLeast: number }
  /** Undefined for an id that nothing here can have. */
  | { readonly kind: 'email-id' | 'thread-id'; readonly id: number | undefined }
  /** A header field (lower case) whose decoded, folded text contains `needle` (folded). An empty needle asks whether the field is there. */
  | { readonly kind: 'header'; readonly field: string; readonly needle: string }
  /** The same for FROM, TO, CC and BCC, which also look at the addresses as ENVELOPE has them. */
  | { readonly kind: 'address'; readonly field: string; readonly needle: string }
  /** The text of the body; with `text`, of the header too. */
  | { readonly kind: 'body' | 'text'; readonly needle: string };

/** Whether a tree contains a criterion that satisfies a condition. */
export function some(criterion: Criterion, condition: (criterion: Criterion) => boolean): boolean {
  if (condition(criterion)) return true;
  if (criterion.kind === 'and' || criterion.kind === 'or') return criterion.of.some((child) => some(child, condition));
  return criterion.kind === 'not' && some(criterion.of, condition);
}
