import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hasFlag } from '#store/flags.ts';
import type { Criterion } from './criterion.ts';
import { BODY, type Candidate, compile, HEADER, type Level, NO, ROW, type SearchContext, TABLE, UNKNOWN, YES } from './evaluate.ts';
import { flagFilterOf } from './flag-filter.ts';

const DAY_MS = 86_400_000;
const NOW_MS = 40 * DAY_MS;

interface Message {
  readonly uid: number;
  readonly flags: number;
  readonly size: number;
  readonly modseq: number;
  readonly receivedAtMs: number;
  readonly sentDayMs: number | undefined;
  readonly thread: number;
  readonly fields: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What the tests may see of a message at a level: anything beyond it throws. */
class Loaded implements Candidate {
  readonly sequence: number;
  readonly uid: number;
  readonly email: number;
  readonly flags: number;
  readonly modseq: number;
  readonly size: number;
  readonly isRecent: boolean;
  readonly hasAllListed = true;
  readonly level: Level;
  readonly #message: Message;

  constructor(message: Message, sequence: number, level: Level) {
    this.#message = message;
    this.level = level;
    this.sequence = sequence;
    this.uid = message.uid;
    this.email = message.uid + 1000;
    this.flags = message.flags;
    this.modseq = message.modseq;
    this.size = message.size;
    this.isRecent = message.uid > 5;
  }
  get receivedAtMs(): number {
    return this.#at(ROW).receivedAtMs;
  }
  get savedAtMs(): number {
    return this.#at(ROW).receivedAtMs + DAY_MS;
  }
  get thread(): number {
    return this.#at(ROW).thread;
  }
  sentDayMs(): number | undefined {
    return this.#at(ROW).sentDayMs;
  }
  field(name: string): string | undefined {
    return this.#at(name === 'subject' ? ROW : HEADER).fields[name];
  }
  /** Here: as written without the letter b. */
  addressesContain(name: string, needle: string): boolean {
    return this.field(name)?.replaceAll('b', '').includes(needle) ?? false;
  }
  headerContains(needle: string): boolean {
    return Object.values(this.#at(HEADER).fields).some((value) => value.includes(needle));
  }
  bodyContains(needle: string): boolean {
    return this.#at(BODY).body.includes(needle);
  }
  #at(level: Level): Message {
    equal(this.level >= level, true, 'a test looked at what was not loaded');
    return this.#message;
  }
}

const context: SearchContext = {
  nowMs: NOW_MS,
  keywordBit: (name) => (name === 'work' ? 40 : undefined),
  member: ({ kind, set }) => {
    const ranges = set.ranges;
    return (candidate) => {
      const number = kind === 'uid' ? candidate.uid : candidate.sequence;
      return ranges.some(({ first, last }) => number >= first && number <= last);
    };
  },
  isListingField: (name) => name === 'subject',
};

/** RFC 9051 §6.4.4 in the plainest way. */
function holds(criterion: Criterion, message: Message, sequence: number): boolean {
  const inSet = (number: number, ranges: readonly { first: number; last: number }[]): boolean =>
    ranges.some(({ first, last }) => number >= first && number <= last);
  const onDay = (relation: string, at: number, dayMs: number): boolean => {
    const day = Math.floor(at / DAY_MS) * DAY_MS;
    return relation === 'on' ? day === dayMs : relation === 'before' ? day < dayMs : day >= dayMs;
  };
  switch (criterion.kind) {
    case 'all':
      return true;
    case 'and':
      return criterion.of.every((child) => holds(child, message, sequence));
    case 'or':
      return criterion.of.some((child) => holds(child, message, sequence));
    case 'not':
      return !holds(criterion.of, message, sequence);
    case 'flag':
      return hasFlag(message.flags, criterion.bit);
    case 'keyword':
      return criterion.name === 'work' && hasFlag(message.flags, 40);
    case 'recent':
      return message.uid > 5;
    case 'sequence':
      return inSet(sequence, criterion.set.ranges);
    case 'uid':
      return inSet(message.uid, criterion.set.ranges);
    case 'larger':
      return message.size > criterion.bytes;
    case 'smaller':
      return message.size < criterion.bytes;
    case 'modseq':
      return message.modseq >= criterion.atLeast;
    case 'email-id':
      return criterion.id === message.uid + 1000;
    case 'thread-id':
      return criterion.id === message.thread;
    case 'internal-date':
      return onDay(criterion.relation, message.receivedAtMs, criterion.dayMs);
    case 'saved-date':
      return onDay(criterion.relation, message.receivedAtMs + DAY_MS, criterion.dayMs);
    case 'sent-date':
      return message.sentDayMs !== undefined && onDay(criterion.relation, message.sentDayMs, criterion.dayMs);
    case 'older':
      return message.receivedAtMs <= NOW_MS - criterion.seconds * 1000;
    case 'younger':
      return message.receivedAtMs >= NOW_MS - criterion.seconds * 1000;
    case 'header':
      return message.fields[criterion.field]?.includes(criterion.needle) ?? false;
    case 'address': {
      const text = message.fields[criterion.field];
      return text !== undefined && (text.includes(criterion.needle) || text.replaceAll('b', '').includes(criterion.needle));
    }
    case 'body':
      return message.body.includes(criterion.needle);
    case 'text':
      return message.body.includes(criterion.needle) || Object.values(message.fields).some((value) => value.includes(criterion.needle));
  }
}

const word = fc.constantFrom('', 'a', 'b', 'ab', 'aba', 'aa');
const day = fc.integer({ min: 0, max: 41 }).map((n) => n * DAY_MS);
const ranges = fc.array(
  fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 0, max: 5 })).map(([first, more]) => ({ first, last: first + more })),
  { minLength: 1, maxLength: 3 },
);
const set = ranges.map((each) => ({ ranges: each, hasSaved: false }));
const relation = fc.constantFrom('before' as const, 'on' as const, 'since' as const);

const message: fc.Arbitrary<Message> = fc.record({
  uid: fc.integer({ min: 1, max: 12 }),
  flags: fc.tuple(fc.integer({ min: 0, max: 31 }), fc.boolean()).map(([system, hasWork]) => system + (hasWork ? 2 ** 40 : 0)),
  size: fc.integer({ min: 0, max: 9 }),
  modseq: fc.integer({ min: 1, max: 9 }),
  receivedAtMs: fc.integer({ min: 0, max: NOW_MS }),
  sentDayMs: fc.option(day, { nil: undefined }),
  thread: fc.integer({ min: 1, max: 3 }),
  fields: fc.dictionary(fc.constantFrom('subject', 'x-other'), word),
  body: word,
});

const { tree } = fc.letrec<{ tree: Criterion; leaf: Criterion }>((tie) => ({
  leaf: fc.oneof(
    fc.constant({ kind: 'all' } as const),
    fc.record({ kind: fc.constant('flag' as const), bit: fc.integer({ min: 0, max: 4 }) }),
    fc.record({ kind: fc.constant('keyword' as const), name: fc.constantFrom('work', 'other') }),
    fc.constant({ kind: 'recent' } as const),
    fc.record({ kind: fc.constantFrom('sequence' as const, 'uid' as const), set }),
    fc.record({ kind: fc.constantFrom('larger' as const, 'smaller' as const), bytes: fc.integer({ min: 0, max: 9 }) }),
    fc.record({ kind: fc.constant('modseq' as const), atLeast: fc.integer({ min: 0, max: 9 }) }),
    fc.record({ kind: fc.constantFrom('email-id' as const, 'thread-id' as const), id: fc.constantFrom(undefined, 1, 2, 1003) }),
    fc.record({ kind: fc.constantFrom('internal-date' as const, 'saved-date' as const, 'sent-date' as const), relation, dayMs: day }),
    fc.record({ kind: fc.constantFrom('older' as const, 'younger' as const), seconds: fc.integer({ min: 1, max: 4_000_000 }) }),
    fc.record({ kind: fc.constantFrom('header' as const, 'address' as const), field: fc.constantFrom('subject', 'x-other'), needle: word }),
    fc.record({ kind: fc.constantFrom('body' as const, 'text' as const), needle: word }),
  ),
  tree: fc.oneof(
    { maxDepth: 4 },
    tie('leaf'),
    fc.record({ kind: fc.constantFrom('and' as const, 'or' as const), of: fc.array(tie('tree'), { minLength: 1, maxLength: 3 }) }),
    fc.record({ kind: fc.constant('not' as const), of: tie('tree') }),
  ),
}));

test('the answer is that of a plain filter, and no level beyond the plan is needed', () => {
  fc.assert(
    fc.property(tree, fc.array(message, { maxLength: 12 }), (criterion, messages) => {
      const plan = compile(criterion, context);
      messages.forEach((each, index) => {
        const expected = holds(criterion, each, index + 1) ? YES : NO;
        for (const level of [TABLE, ROW, HEADER, BODY] as const) {
          const answer = plan.test(new Loaded(each, index + 1, level));
          if (level >= plan.level) equal(answer, expected);
          // Before that it may not know, but what it says is true.
          else if (answer !== UNKNOWN) equal(answer, expected);
        }
      });
    }),
    { numRuns: 500 },
  );
});

test('flags taken out beforehand and what is left together say the same', () => {
  fc.assert(
    fc.property(tree, fc.array(message, { maxLength: 12 }), (criterion, messages) => {
      const { mask, wanted, rest } = flagFilterOf(criterion, context);
      messages.forEach((each, index) => {
        equal((each.flags & mask) === wanted && holds(rest, each, index + 1), holds(criterion, each, index + 1));
      });
    }),
    { numRuns: 500 },
  );
});

test('criteria of flags alone leave nothing to be asked', () => {
  const seen: Criterion = { kind: 'flag', bit: 0 };
  const flagged: Criterion = { kind: 'flag', bit: 2 };
  const unseenAndFlagged: Criterion = { kind: 'and', of: [{ kind: 'not', of: seen }, flagged] };
  deepEqual(flagFilterOf(unseenAndFlagged, context), { mask: 5, wanted: 4, rest: { kind: 'all' } });
  deepEqual(flagFilterOf({ kind: 'and', of: [unseenAndFlagged, seen] }, context).rest, { kind: 'or', of: [] });
});

test('a cheap criterion that fails spares the dear one', () => {
  const plan = compile(
    {
      kind: 'and',
      of: [
        { kind: 'body', needle: 'a' },
        { kind: 'flag', bit: 0 },
      ],
    },
    context,
  );
  const unseen: Message = { uid: 1, flags: 0, size: 1, modseq: 1, receivedAtMs: 0, sentDayMs: undefined, thread: 1, fields: {}, body: 'a' };
  deepEqual([plan.level, plan.test(new Loaded(unseen, 1, TABLE))], [BODY, NO]);
  equal(plan.test(new Loaded({ ...unseen, flags: 1 }, 1, TABLE)), UNKNOWN);
});
