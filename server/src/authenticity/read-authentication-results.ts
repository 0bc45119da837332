/**
 * Reading Authentication-Results: whose a field claims to be, and what it says.
 *
 * Forgiving, since other servers write it in many ways, and in one pass. A field that nobody can read but that names us before its first semicolon counts as
 * claiming to be ours: it is removed, for a more careless reader might believe it.
 * RFC 8601 §2.2 (syntax), §5 (removal) · RFC 5322 §3.2.2 (comments)
 */
import { domainToName } from './domain-name.ts';

/** One `method=result` with its properties. */
export interface AuthenticationResult {
  /** Lower case, like the result and the names of properties. */
  readonly method: string;
  readonly result: string;
  readonly reason?: string | undefined;
  readonly properties: ReadonlyArray<{ readonly type: string; readonly name: string; readonly value: string }>;
}

export interface AuthenticationResultsField {
  readonly authservId: string;
  /** Empty where it says `none`. */
  readonly results: readonly AuthenticationResult[];
}

const LONGEST_FIELD = 32_768;
const MOST_RESULTS = 100;
const MOST_PROPERTIES = 50;
const HEAD_TO_SEARCH = 4096;

const WHITE_SPACE = /[ \t\r\n]+/y;
const COMMENT_PIECE = /[^()\\]*(?:\\[^]|[()\\])/y;
const QUOTED = /"((?:[^"\\]|\\[^])*)"/y;
const ID = /[^\s;("/]+/y;
const METHOD = /([a-z0-9](?:[a-z0-9-]*[a-z0-9])?)[ \t\r\n]*(?:\/[ \t\r\n]*\d+[ \t\r\n]*)?=[ \t\r\n]*([a-z0-9-]+)/iy;
const REASON = /reason[ \t\r\n]*=/iy;
const PROPERTY = /([a-z0-9-]+)[ \t\r\n]*\.[ \t\r\n]*([a-z0-9_-]+)[ \t\r\n]*=/iy;
const BARE_VALUE = /[^\s;("]+/y;
const NEXT_RESULT = /(?:[^;("]+|"(?:[^"\\]|\\[^])*(?:"|$))*/y;

/** Whether a field (its value, folded or not) claims to be of this server. Such a field from outside is forged and must go (RFC 8601 §5). */
export function isAuthenticationResultsOf(value: string, authservId: string): boolean {
  const wanted = comparable(authservId);
  const id = new Reader(value).authservId();
  if (id !== undefined) return comparable(id) === wanted;
  const semicolon = value.indexOf(';');
  return value
    .slice(0, semicolon < 0 ? HEAD_TO_SEARCH : Math.min(semicolon, HEAD_TO_SEARCH))
    .toLowerCase()
    .includes(wanted);
}

/** Reads a field's value (without its name; also what follows `i=1;` in ARC-Authentication-Results). Undefined where it has no authserv-id, and where it is over 32 KiB. */
export function parseAuthenticationResults(value: string): AuthenticationResultsField | undefined {
  if (value.length > LONGEST_FIELD) return undefined;
  const reader = new Reader(value);
  const authservId = reader.authservId();
  if (authservId === undefined) return undefined;
  const results: AuthenticationResult[] = [];
  // What cannot be read, up to the next semicolon, is left out.
  while (results.length < MOST_RESULTS && reader.skipToNextResult()) {
    const result = reader.result();
    if (result) results.push(result);
  }
  return { authservId, results };
}

function comparable(id: string): string {
  return domainToName(id) ?? id.toLowerCase();
}

/** Goes through the text once; each piece is read where it stands. */
class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** The first word, with the version that may follow it. */
  authservId(): string | undefined {
    this.#skipSpace();
    const id = this.#quoted() ?? this.#match(ID)?.[0];
    return id === '' ? undefined : id;
  }

  /** Moves behind the next semicolon that is in no comment and no quotes; false where there is none. */
  skipToNextResult(): boolean {
    while (this.#at < this.#text.length) {
      this.#match(NEXT_RESULT);
      const char = this.#text.charAt(this.#at);
      if (char === ';') {
        this.#at++;
        return true;
      }
      if (char !== '(') return false;
      this.#skipComment();
    }
    return false;
  }

  result(): AuthenticationResult | undefined {
    this.#skipSpace();
    const head = this.#match(METHOD);
    if (!head) return undefined;
    const properties: Array<AuthenticationResult['properties'][number]> = [];
    let reason: string | undefined;
    for (let count = 0; count < MOST_PROPERTIES; count++) {
      this.#skipSpace();
      if (this.#match(REASON)) {
        reason = this.#value();
        continue;
      }
      const property = this.#match(PROPERTY);
      if (!property) break;
      properties.push({ type: (property[1] as string).toLowerCase(), name: (property[2] as string).toLowerCase(), value: this.#value() });
    }
    return { method: (head[1] as string).toLowerCase(), result: (head[2] as string).toLowerCase(), ...(reason !== undefined && { reason }), properties };
  }

  /** A token, a quoted-string, or a mailbox whose local part is quoted; bare characters that should be quoted are taken as they are. */
  #value(): string {
    this.#skipSpace();
    const quoted = this.#quoted();
    if (quoted !== undefined && this.#text.charAt(this.#at) !== '@') return quoted;
    return (quoted ?? '') + (this.#match(BARE_VALUE)?.[0] ?? '');
  }

  #quoted(): string | undefined {
    return this.#match(QUOTED)?.[1]
      ?.replace(/\r?\n/g, '')
      .replace(/\\([^])/g, '$1');
  }

  #skipSpace(): void {
    do this.#match(WHITE_SPACE);
    while (this.#skipComment());
  }

  /** A comment with the comments in it; one without an end takes the rest of the field. */
  #skipComment(): boolean {
    if (this.#text.charAt(this.#at) !== '(') return false;
    let depth = 0;
    do {
      const piece = this.#match(COMMENT_PIECE)?.[0];
      if (piece === undefined) {
        this.#at = this.#text.length;
        return true;
      }
      if (piece.endsWith('(') && !piece.endsWith('\\(')) depth++;
      else if (piece.endsWith(')') && !piece.endsWith('\\)')) depth--;
    } while (depth > 0);
    return true;
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match) this.#at = pattern.lastIndex;
    return match ?? undefined;
  }
}
