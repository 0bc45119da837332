/**
 * The part of a search that asks for flags alone: one comparison of numbers for each message, before anything else is looked at.
 *
 * RFC 9051 §6.4.4
 */
import type { Selected } from '../selected.ts';
import type { Criterion } from './criterion.ts';
import type { SearchContext } from './evaluate.ts';

export interface FlagFilter {
  /** A message passes if `(flags & mask) === wanted`. Bits below 31 only. */
  readonly mask: number;
  readonly wanted: number;
  /** What is still to be asked of those that pass. */
  readonly rest: Criterion;
}

type KeywordContext = Pick<SearchContext, 'keywordBit'>;

/** Bits from here on do not fit into the integers that `&` works on. */
const BITS = 31;
const ALL: Criterion = { kind: 'all' };
const NOTHING: Criterion = { kind: 'or', of: [] };

/** Takes the flags that must be there, or must not, out of a criterion. */
export function flagFilterOf(criterion: Criterion, context: KeywordContext): FlagFilter {
  let present = 0;
  let absent = 0;
  const rest: Criterion[] = [];
  const take = (each: Criterion): void => {
    if (each.kind === 'and') {
      for (const child of each.of) take(child);
      return;
    }
    const isNegated = each.kind === 'not';
    const bit = bitOf(isNegated ? each.of : each, context);
    if (bit === undefined) rest.push(each);
    else if (isNegated) absent |= 1 << bit;
    else present |= 1 << bit;
  };
  take(criterion);
  if ((present & absent) !== 0) return { mask: 0, wanted: 0, rest: NOTHING };
  const [only = ALL] = rest;
  return { mask: present | absent, wanted: present, rest: rest.length > 1 ? { kind: 'and', of: rest } : only };
}

function bitOf(criterion: Criterion, context: KeywordContext): number | undefined {
  if (criterion.kind !== 'flag' && criterion.kind !== 'keyword') return undefined;
  const bit = criterion.kind === 'flag' ? criterion.bit : context.keywordBit(criterion.name);
  return bit !== undefined && bit < BITS ? bit : undefined;
}

/** Of these uids of a view (ascending; all of them where undefined) those that pass, in an array of their own. */
export function filterByFlags({ mask, wanted }: FlagFilter, { view, base }: Selected, candidates: Uint32Array | undefined): Uint32Array {
  if (mask === 0) return candidates ?? view.uids.slice(0, view.length);
  const uids = candidates ?? view.uids;
  const length = candidates?.length ?? view.length;
  const found = new Uint32Array(length);
  const { flags } = base;
  let count = 0;
  if (candidates === undefined && !view.hasGone) {
    // A number that does not fit keeps its lower 32 bits.
    for (let i = 0; i < length; i++) if (((flags[i] ?? 0) & mask) === wanted) found[count++] = uids[i] ?? 0;
  } else {
    let index = -1;
    for (let i = 0; i < length; i++) {
      const uid = uids[i] ?? 0;
      index = view.indexOf(uid, index + 1);
      const own = index < 0 ? view.goneMessage(uid)?.flags : flags[index];
      if (own !== undefined && (own & mask) === wanted) found[count++] = uid;
    }
  }
  return found.slice(0, count);
}
