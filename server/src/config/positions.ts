/**
 * Where each key of a TOML document stands, as line and column, so that an error can point at it: the TOML library tells positions of syntax errors only.
 * Works on a document that the library has accepted; it checks nothing itself. TOML 1.0 §Keys, §Table, §Array of Tables, §Inline Table
 */
import type { ConfigPath } from './node.ts';

/** Counted from 1, as editors do. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** Finds the position of what a path leads to; for what is not written, of the nearest thing around it that is. */
export function findPosition(text: string, path: ConfigPath): Position {
  const offsets = new Scanner(text).scan();
  for (let length = path.length; length > 0; length--) {
    const offset = offsets.get(pathKey(path.slice(0, length)));
    if (offset !== undefined) return positionOf(text, offset);
  }
  return { line: 1, column: 1 };
}

function positionOf(text: string, offset: number): Position {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: offset - lineStart + 1 };
}

function pathKey(path: ConfigPath): string {
  return JSON.stringify(path);
}

class Scanner {
  readonly #text: string;
  readonly #offsets = new Map<string, number>();
  /** How many tables an array of tables has so far. */
  readonly #counts = new Map<string, number>();
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  scan(): ReadonlyMap<string, number> {
    let table: ConfigPath = [];
    for (;;) {
      this.#skipBlank();
      if (this.#at >= this.#text.length) return this.#offsets;
      const before = this.#at;
      if (this.#text[this.#at] === '[') table = this.#header();
      else this.#keyValue(table);
      if (this.#at === before) this.#at++;
    }
  }

  /** `[a.b]` or `[[a.b]]`. */
  #header(): ConfigPath {
    const start = this.#at;
    const isList = this.#text[this.#at + 1] === '[';
    this.#at += isList ? 2 : 1;
    const parts = this.#key();
    this.#at += isList ? 2 : 1;
    const path: Array<string | number> = [];
    for (const [index, part] of parts.entries()) {
      path.push(part);
      const key = pathKey(path);
      const isLast = index === parts.length - 1;
      if (!this.#offsets.has(key)) this.#offsets.set(key, start);
      const count = this.#counts.get(key);
      if (isLast && isList) {
        this.#counts.set(key, (count ?? 0) + 1);
        path.push(count ?? 0);
        this.#offsets.set(pathKey(path), start);
      } else if (count !== undefined) path.push(count - 1);
    }
    return path;
  }

  #keyValue(table: ConfigPath): void {
    const start = this.#at;
    const path = [...table, ...this.#key()];
    for (let length = table.length + 1; length <= path.length; length++) {
      const key = pathKey(path.slice(0, length));
      if (!this.#offsets.has(key)) this.#offsets.set(key, start);
    }
    if (this.#text[this.#at] === '=') this.#at++;
    this.#skipBlank();
    this.#value(path);
  }

  /** The parts of a dotted key, with the blanks around them. */
  #key(): string[] {
    const parts: string[] = [];
    for (;;) {
      this.#skipBlank();
      const first = this.#text[this.#at];
      if (first === '"' || first === "'") {
        const start = this.#at;
        this.#string();
        const raw = this.#text.slice(start, this.#at);
        parts.push(first === '"' ? unescaped(raw) : raw.slice(1, -1));
      } else {
        const start = this.#at;
        while (this.#at < this.#text.length && /[A-Za-z0-9_-]/.test(this.#text[this.#at] ?? '')) this.#at++;
        parts.push(this.#text.slice(start, this.#at));
      }
      this.#skipBlank();
      if (this.#text[this.#at] !== '.') return parts;
      this.#at++;
    }
  }

  #value(path: ConfigPath): void {
    const first = this.#text[this.#at];
    if (first === '"' || first === "'") this.#string();
    else if (first === '[') this.#list(path);
    else if (first === '{') this.#inlineTable(path);
    else while (this.#at < this.#text.length && !/[,\]}#\n]/.test(this.#text[this.#at] ?? '')) this.#at++;
  }

  #list(path: ConfigPath): void {
    this.#at++;
    for (let index = 0; ; index++) {
      this.#skipBlank();
      if (this.#at >= this.#text.length || this.#text[this.#at] === ']') break;
      const element = [...path, index];
      this.#offsets.set(pathKey(element), this.#at);
      this.#value(element);
      this.#skipBlank();
      if (this.#text[this.#at] === ',') this.#at++;
      else break;
    }
    this.#at++;
  }

  #inlineTable(path: ConfigPath): void {
    this.#at++;
    for (;;) {
      this.#skipBlank();
      if (this.#at >= this.#text.length || this.#text[this.#at] === '}') break;
      this.#keyValue(path);
      this.#skipBlank();
      if (this.#text[this.#at] === ',') this.#at++;
      else break;
    }
    this.#at++;
  }

  /** Past a string of any of the four kinds. */
  #string(): void {
    const quote = this.#text[this.#at] ?? '';
    const isLong = this.#text.startsWith(quote.repeat(3), this.#at);
    const end = isLong ? quote.repeat(3) : quote;
    this.#at += end.length;
    while (this.#at < this.#text.length && !this.#text.startsWith(end, this.#at)) this.#at += quote === '"' && this.#text[this.#at] === '\\' ? 2 : 1;
    this.#at += end.length;
    // Up to two quotes may stand directly before the end of a long string.
    while (isLong && this.#text[this.#at] === quote) this.#at++;
  }

  #skipBlank(): void {
    for (;;) {
      while (this.#at < this.#text.length && /[\s\uFEFF]/.test(this.#text[this.#at] ?? '')) this.#at++;
      if (this.#text[this.#at] !== '#') return;
      const end = this.#text.indexOf('\n', this.#at);
      this.#at = end < 0 ? this.#text.length : end;
    }
  }
}

function unescaped(quoted: string): string {
  try {
    return String(JSON.parse(quoted));
  } catch {
    // TOML knows a few escapes that JSON does not; a key with one is then reported by its table's position.
    return quoted;
  }
}
