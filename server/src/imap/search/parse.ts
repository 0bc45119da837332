/**
 * Reads the arguments of SEARCH.
 *
 * RFC 9051 §6.4.4, §9 · RFC 3501 §6.4.4 · RFC 4731 (RETURN) · RFC 5182 (SAVE, `$`) · RFC 5032 · RFC 7162 §3.1.5 · RFC 8474 §6 · RFC 8514 §4.4
 */
import { decodeUtf8 } from '#core/bytes.ts';
import { parseObjectId } from '#core/ids.ts';
import { fold } from '#message/fold.ts';
import { ANSWERED, DELETED, DRAFT, FLAGGED, SEEN } from '#store/flags.ts';
import { ImapError } from '../command.ts';
import type { Cursor } from '../wire/cursor.ts';
import type { Criterion, DayRelation } from './criterion.ts';

/** RFC 9051 §6.4.4: what the client wants to be told of the result. */
export interface SearchReturn {
  readonly min: boolean;
  readonly max: boolean;
  readonly all: boolean;
  readonly count: boolean;
  readonly save: boolean;
}

export interface SearchCommand {
  /** Undefined: no RETURN, so that IMAP4rev1 clients get the untagged SEARCH reply. */
  readonly returns: SearchReturn | undefined;
  readonly hasCharset: boolean;
  readonly criterion: Criterion;
}

/** Criteria of one command. */
const CRITERIA_LIMIT = 2000;

const ALL: Criterion = { kind: 'all' };
const FLAGS: Readonly<Record<string, number>> = { ANSWERED, DELETED, DRAFT, FLAGGED, SEEN };
const ADDRESS_FIELDS = new Set(['BCC', 'CC', 'FROM', 'TO']);
const DAYS: Readonly<Record<string, readonly ['internal-date' | 'sent-date' | 'saved-date', DayRelation]>> = {
  BEFORE: ['internal-date', 'before'],
  ON: ['internal-date', 'on'],
  SINCE: ['internal-date', 'since'],
  SENTBEFORE: ['sent-date', 'before'],
  SENTON: ['sent-date', 'on'],
  SENTSINCE: ['sent-date', 'since'],
  SAVEDBEFORE: ['saved-date', 'before'],
  SAVEDON: ['saved-date', 'on'],
  SAVEDSINCE: ['saved-date', 'since'],
};

/** Reads from the space behind SEARCH to the end of the command. */
export function parseSearch(cursor: Cursor): SearchCommand {
  cursor.space();
  let returns: SearchReturn | undefined;
  if (cursor.skipWord('RETURN')) {
    cursor.space();
    returns = parseReturn(cursor);
    cursor.space();
  }
  let charset: string | undefined;
  if (cursor.skipWord('CHARSET')) {
    cursor.space();
    charset = cursor.astring();
    cursor.space();
  }
  const criterion = new Parser(cursor, decoderOf(charset)).program();
  cursor.end();
  return { returns, hasCharset: charset !== undefined, criterion };
}

function parseReturn(cursor: Cursor): SearchReturn {
  const options = new Set(
    cursor.list(() => {
      const word = cursor.word();
      if (word !== 'MIN' && word !== 'MAX' && word !== 'ALL' && word !== 'COUNT' && word !== 'SAVE')
        throw new ImapError('BAD', `Unknown RETURN option ${word.slice(0, 40)}`);
      return word;
    }, true),
  );
  // RFC 4731 §3.1: an empty list is the same as (ALL).
  return {
    min: options.has('MIN'),
    max: options.has('MAX'),
    all: options.has('ALL') || options.size === 0,
    count: options.has('COUNT'),
    save: options.has('SAVE'),
  };
}

/** Strings of the command, decoded; RFC 9051 §6.4.4: US-ASCII and UTF-8 must be known, others may. */
function decoderOf(charset: string | undefined): (bytes: Uint8Array) => string {
  const label = charset?.toLowerCase();
  if (label === undefined || label === 'utf-8' || label === 'us-ascii') {
    return (bytes) => {
      const text = decodeUtf8(bytes);
      if (text === undefined) throw new ImapError('BAD', 'A string is not in the given charset');
      return text;
    };
  }
  try {
    const decoder = new TextDecoder(label);
    return (bytes) => decoder.decode(bytes);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new ImapError('NO', 'That charset is not supported', 'BADCHARSET (UTF-8 US-ASCII)');
  }
}

class Parser {
  #count = 0;
  readonly #cursor: Cursor;
  readonly #decode: (bytes: Uint8Array) => string;

  constructor(cursor: Cursor, decode: (bytes: Uint8Array) => string) {
    this.#cursor = cursor;
    this.#decode = decode;
  }

  /** Keys separated by spaces: all must hold. */
  program(): Criterion {
    const of = [this.#key()];
    while (this.#cursor.skip(' ')) {
      // A space before the end of the line is forgiven.
      if (this.#cursor.isAtEnd) break;
      of.push(this.#key());
    }
    return allOf(of);
  }

  #key(): Criterion {
    const cursor = this.#cursor;
    if (++this.#count > CRITERIA_LIMIT) throw new ImapError('BAD', 'Too many search keys', 'LIMIT');
    if (cursor.isNext('(')) return allOf(cursor.list(() => this.#key()));
    if (cursor.isAtSequenceSet) return { kind: 'sequence', set: cursor.sequenceSet() };
    const word = cursor.word();
    const days = DAYS[word];
    if (days !== undefined) {
      cursor.space();
      return { kind: days[0], relation: days[1], dayMs: cursor.date() };
    }
    if (word === 'SUBJECT') return { kind: 'header', field: 'subject', needle: this.#needle() };
    if (ADDRESS_FIELDS.has(word)) return { kind: 'address', field: word.toLowerCase(), needle: this.#needle() };
    const bit = FLAGS[word];
    if (bit !== undefined) return { kind: 'flag', bit };
    const unset = word.startsWith('UN') ? FLAGS[word.slice(2)] : undefined;
    if (unset !== undefined) return not({ kind: 'flag', bit: unset });
    return this.#otherKey(word);
  }

  #otherKey(word: string): Criterion {
    const cursor = this.#cursor;
    switch (word) {
      case 'ALL':
        return ALL;
      case 'RECENT':
        return { kind: 'recent' };
      case 'OLD':
        return not({ kind: 'recent' });
      case 'NEW':
        return { kind: 'and', of: [{ kind: 'recent' }, not({ kind: 'flag', bit: SEEN })] };
      case 'NOT':
        cursor.space();
        return not(cursor.nested(() => this.#key()));
      case 'OR':
        return cursor.nested(() => {
          cursor.space();
          const one = this.#key();
          cursor.space();
          return { kind: 'or', of: [one, this.#key()] };
        });
      case 'KEYWORD':
      case 'UNKEYWORD': {
        cursor.space();
        const keyword: Criterion = { kind: 'keyword', name: cursor.atom().toLowerCase() };
        return word === 'KEYWORD' ? keyword : not(keyword);
      }
      case 'UID':
        cursor.space();
        return { kind: 'uid', set: cursor.sequenceSet() };
      case 'LARGER':
      case 'SMALLER':
        cursor.space();
        return { kind: word === 'LARGER' ? 'larger' : 'smaller', bytes: cursor.number64() };
      case 'OLDER':
      case 'YOUNGER':
        cursor.space();
        return { kind: word === 'OLDER' ? 'older' : 'younger', seconds: cursor.nzNumber() };
      case 'HEADER': {
        cursor.space();
        const field = cursor.astring().toLowerCase();
        return { kind: 'header', field, needle: this.#needle() };
      }
      case 'BODY':
      case 'TEXT':
        return this.#textKey(word === 'BODY' ? 'body' : 'text');
      case 'MODSEQ':
        return this.#modseqKey();
      case 'EMAILID':
      case 'THREADID':
        cursor.space();
        return word === 'EMAILID'
          ? { kind: 'email-id', id: parseObjectId('email', cursor.astring()) }
          : { kind: 'thread-id', id: parseObjectId('thread', cursor.astring()) };
      case 'SAVEDATESUPPORTED':
        return ALL;
      default:
        throw new ImapError('BAD', `Unknown search key ${word.slice(0, 40)}`);
    }
  }

  #needle(): string {
    this.#cursor.space();
    return fold(this.#decode(this.#cursor.astringBytes()));
  }

  /** The empty string is in every text (RFC 9051 says so for HEADER only; it follows). */
  #textKey(kind: 'body' | 'text'): Criterion {
    const needle = this.#needle();
    return needle === '' ? ALL : { kind, needle };
  }

  /** `MODSEQ "/flags/\\Draft" all 620162338` or `MODSEQ 620162338`: there is one modseq for all flags of a message, so the entry's name changes nothing. */
  #modseqKey(): Criterion {
    const cursor = this.#cursor;
    cursor.space();
    if (cursor.isAtString) {
      cursor.string();
      cursor.space();
      const type = cursor.word();
      if (type !== 'PRIV' && type !== 'SHARED' && type !== 'ALL') throw new ImapError('BAD', 'PRIV, SHARED or ALL was expected');
      cursor.space();
    }
    return { kind: 'modseq', atLeast: cursor.modseq() };
  }
}

function allOf(of: readonly Criterion[]): Criterion {
  const [first] = of;
  return of.length === 1 && first !== undefined ? first : { kind: 'and', of };
}

function not(of: Criterion): Criterion {
  return { kind: 'not', of };
}
