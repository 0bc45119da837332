/**
 * Decides criteria in steps: first from the mailbox table, then from message rows, headers and bodies, each only for the messages that the step before
 * could not decide. A test answers no, yes, or "needs more"; AND and OR pass on "needs more" only if nothing cheaper decides.
 *
 * RFC 9051 §6.4.4
 */
import { unreachable } from '#core/errors.ts';
import { hasFlag } from '#store/flags.ts';
import type { Criterion } from './criterion.ts';

export const NO = 0;
export const YES = 1;
/** The message must be loaded further before this can be said. */
export const UNKNOWN = 2;
export type Answer = typeof NO | typeof YES | typeof UNKNOWN;

/** How far a message has been loaded. */
export const TABLE = 0;
export const ROW = 1;
export const HEADER = 2;
export const BODY = 3;
export type Level = typeof TABLE | typeof ROW | typeof HEADER | typeof BODY;

/** A message as the tests see it. What a method returns is true for any level from the one it names. */
export interface Candidate {
  readonly level: Level;
  readonly sequence: number;
  readonly uid: number;
  readonly email: number;
  readonly flags: number;
  readonly modseq: number;
  readonly size: number;
  readonly isRecent: boolean;
  /** ROW: whether the row holds all listing fields of the message; before that, whatever. */
  readonly hasAllListed: boolean;
  /** ROW: milliseconds. */
  readonly receivedAtMs: number;
  /** ROW. */
  readonly savedAtMs: number;
  /** ROW. */
  readonly thread: number;
  /** ROW: the day of the Date field as it is written there, as if in UTC; undefined where there is none. */
  sentDayMs(): number | undefined;
  /** ROW for a listing field if the row holds all of them, HEADER for others: the folded texts of a field, joined by line feeds; undefined where there is none. */
  field(name: string): string | undefined;
  /** As `field`: the folded addresses of a field as ENVELOPE has them contain this. May say no where `field` contains it. */
  addressesContain(name: string, needle: string): boolean;
  /** HEADER: the folded text of the whole header contains this. */
  headerContains(needle: string): boolean;
  /** BODY: the folded text of the body contains this. */
  bodyContains(needle: string): boolean;
}

/** What criteria mean in the session that asks. */
export interface SearchContext {
  readonly nowMs: number;
  /** The bit of a keyword (lower case); undefined for one that no message has. */
  keywordBit(name: string): number | undefined;
  /** Whether a set contains a message. Called once a set; the function returned is called for each message. */
  member(criterion: Extract<Criterion, { kind: 'sequence' | 'uid' }>): (candidate: Candidate) => boolean;
  /** Whether a field (lower case) is kept in the message row. */
  isListingField(name: string): boolean;
}

export type Test = (candidate: Candidate) => Answer;

export interface Plan {
  readonly test: Test;
  /** The highest level that any message can need. */
  readonly level: Level;
  /** Whether some criterion can use a header alone. */
  readonly usesHeader: boolean;
}

const DAY_MS = 86_400_000;

/** Makes a test of a criterion. */
export function compile(criterion: Criterion, context: SearchContext): Plan {
  return { test: testOf(criterion, context), level: levelOf(criterion, context), usesHeader: usesHeader(criterion, context) };
}

function testOf(criterion: Criterion, context: SearchContext): Test {
  switch (criterion.kind) {
    case 'all':
      return () => YES;
    case 'and':
      return allOf(sortedTests(criterion.of, context));
    case 'or':
      return anyOf(sortedTests(criterion.of, context));
    case 'not': {
      const test = testOf(criterion.of, context);
      return (message) => {
        const answer = test(message);
        return answer === UNKNOWN ? UNKNOWN : answer === YES ? NO : YES;
      };
    }
    case 'flag':
      return flagTest(criterion.bit);
    case 'keyword': {
      const bit = context.keywordBit(criterion.name);
      return bit === undefined ? () => NO : flagTest(bit);
    }
    case 'recent':
      return (message) => (message.isRecent ? YES : NO);
    case 'sequence':
    case 'uid': {
      const isMember = context.member(criterion);
      return (message) => (isMember(message) ? YES : NO);
    }
    case 'larger':
      return (message) => (message.size > criterion.bytes ? YES : NO);
    case 'smaller':
      return (message) => (message.size < criterion.bytes ? YES : NO);
    case 'modseq':
      return (message) => (message.modseq >= criterion.atLeast ? YES : NO);
    case 'email-id':
      return (message) => (message.email === criterion.id ? YES : NO);
    case 'thread-id':
      if (criterion.id === undefined) return () => NO;
      return fromRow((message) => message.thread === criterion.id);
    case 'internal-date':
      return fromRow((message) => isOnDay(criterion, dayOf(message.receivedAtMs)));
    case 'saved-date':
      return fromRow((message) => isOnDay(criterion, dayOf(message.savedAtMs)));
    case 'sent-date':
      return fromRow((message) => {
        const dayMs = message.sentDayMs();
        return dayMs !== undefined && isOnDay(criterion, dayMs);
      });
    case 'older':
      return fromRow((message) => message.receivedAtMs <= context.nowMs - criterion.seconds * 1000);
    case 'younger':
      return fromRow((message) => message.receivedAtMs >= context.nowMs - criterion.seconds * 1000);
    case 'header':
    case 'address':
      return headerTest(criterion, context);
    case 'body':
      return from(BODY, (message) => message.bodyContains(criterion.needle));
    case 'text':
      // The header is read with the body: TEXT that is not in a header needs the body anyway.
      return from(BODY, (message) => message.headerContains(criterion.needle) || message.bodyContains(criterion.needle));
    default:
      return unreachable(criterion);
  }
}

/** Cheap criteria first: they may spare the dear ones. */
function sortedTests(criteria: readonly Criterion[], context: SearchContext): Test[] {
  return [...criteria].sort((a, b) => levelOf(a, context) - levelOf(b, context)).map((criterion) => testOf(criterion, context));
}

function allOf(tests: readonly Test[]): Test {
  return (message) => {
    let answer: Answer = YES;
    for (const test of tests) {
      const one = test(message);
      if (one === NO) return NO;
      if (one === UNKNOWN) answer = UNKNOWN;
    }
    return answer;
  };
}

function anyOf(tests: readonly Test[]): Test {
  return (message) => {
    let answer: Answer = NO;
    for (const test of tests) {
      const one = test(message);
      if (one === YES) return YES;
      if (one === UNKNOWN) answer = UNKNOWN;
    }
    return answer;
  };
}

function flagTest(bit: number): Test {
  if (bit > 30) return (message) => (hasFlag(message.flags, bit) ? YES : NO);
  const mask = 1 << bit;
  return (message) => (((message.flags % 2 ** 31) & mask) === 0 ? NO : YES);
}

/** A field of the row decides, unless the header is too long for the row to hold all of them. */
function headerTest({ kind, field, needle }: Extract<Criterion, { kind: 'header' | 'address' }>, context: SearchContext): Test {
  const isListing = context.isListingField(field);
  return (message) => {
    if (message.level < (isListing && message.hasAllListed ? ROW : HEADER)) return UNKNOWN;
    const text = message.field(field);
    if (text === undefined) return NO;
    return text.includes(needle) || (kind === 'address' && message.addressesContain(field, needle)) ? YES : NO;
  };
}

function from(level: Level, holds: (message: Candidate) => boolean): Test {
  return (message) => (message.level < level ? UNKNOWN : holds(message) ? YES : NO);
}

function fromRow(holds: (message: Candidate) => boolean): Test {
  return from(ROW, holds);
}

function isOnDay(criterion: Extract<Criterion, { relation: unknown }>, dayMs: number): boolean {
  switch (criterion.relation) {
    case 'before':
      return dayMs < criterion.dayMs;
    case 'on':
      return dayMs === criterion.dayMs;
    case 'since':
      return dayMs >= criterion.dayMs;
    default:
      return unreachable(criterion.relation);
  }
}

/** The beginning of the day in UTC, in which INTERNALDATE is shown. */
function dayOf(milliseconds: number): number {
  return Math.floor(milliseconds / DAY_MS) * DAY_MS;
}

function levelOf(criterion: Criterion, context: SearchContext): Level {
  switch (criterion.kind) {
    case 'and':
    case 'or':
      return criterion.of.reduce<Level>((level, child) => {
        const other = levelOf(child, context);
        return other > level ? other : level;
      }, TABLE);
    case 'not':
      return levelOf(criterion.of, context);
    case 'thread-id':
    case 'internal-date':
    case 'saved-date':
    case 'sent-date':
    case 'older':
    case 'younger':
      return ROW;
    case 'header':
    case 'address':
      return context.isListingField(criterion.field) ? ROW : HEADER;
    case 'body':
    case 'text':
      return BODY;
    default:
      return TABLE;
  }
}

function usesHeader(criterion: Criterion, context: SearchContext): boolean {
  if (criterion.kind === 'and' || criterion.kind === 'or') return criterion.of.some((child) => usesHeader(child, context));
  if (criterion.kind === 'not') return usesHeader(criterion.of, context);
  return (criterion.kind === 'header' || criterion.kind === 'address') && !context.isListingField(criterion.field);
}
