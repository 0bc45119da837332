/**
 * What the configuration is made of. A node knows how to read its part of a parsed TOML document and how to describe itself, so that one declaration
 * gives parser, reference page and commented example.
 */
import type { z } from 'zod';

/** Where in the document: keys and, in lists, indexes from 0. */
export type ConfigPath = ReadonlyArray<string | number>;

/** Something wrong in the document. `path` leads to the value, or to the key itself for unknown keys. */
export interface Problem {
  readonly path: ConfigPath;
  readonly message: string;
}

/** Reads a value; problems are added to the list, and then the result is undefined and must not be used. */
export interface Node<T> {
  read(value: unknown, path: ConfigPath, problems: Problem[]): T | undefined;
  readonly doc: Doc;
}

/** The description of a node, for reference and example. */
export type Doc = SettingDoc | TableDoc | TablesDoc | NamedDoc;

export interface SettingDoc {
  readonly kind: 'setting';
  readonly about: string;
  /** The kind of value in words: `a size, such as "50M"`. */
  readonly form: string;
  /** The value that holds when none is written, in TOML; undefined: none. */
  readonly standard: string | undefined;
  /** A value to show where there is no standard, in TOML. */
  readonly example: string | undefined;
  readonly isRequired: boolean;
}

export interface TableDoc {
  readonly kind: 'table';
  readonly about: string;
  /** Whether it means something that the table is not there. */
  readonly isOptional: boolean;
  readonly entries: ReadonlyArray<readonly [key: string, doc: Doc]>;
}

export interface TablesDoc {
  readonly kind: 'tables';
  readonly about: string;
  readonly each: TableDoc;
}

export interface NamedDoc {
  readonly kind: 'named';
  readonly about: string;
  readonly names: readonly string[];
  readonly each: (name: string) => TableDoc;
}

/** Splits a table's declaration: each property of T with its TOML key. */
export type Settings<T> = { readonly [K in keyof T]-?: readonly [key: string, node: Node<T[K]>] };

export interface SettingOptions {
  readonly about: string;
  readonly form: string;
  readonly standard?: string;
  readonly example?: string;
}

/** A setting with a value of its own. `fallback` is what holds when it is not written; without it the setting must be written. */
export function setting<T>(schema: z.ZodType<T>, fallback: { readonly value: T } | undefined, options: SettingOptions): Node<T> {
  return {
    read(value, path, problems) {
      if (value === undefined) {
        if (fallback) return fallback.value;
        problems.push({ path, message: `${shownPath(path)} is missing; write ${options.form}` });
        return undefined;
      }
      const result = schema.safeParse(value);
      if (result.success) return result.data;
      const issue = result.error.issues[0];
      const inner = issue ? issue.path.filter((part) => typeof part !== 'symbol') : [];
      const at = [...path, ...inner];
      problems.push({ path: at, message: `${shownPath(at)} = ${shownValue(valueAt(value, inner))} is not valid; write ${options.form}` });
      return undefined;
    },
    doc: {
      kind: 'setting',
      about: options.about,
      form: options.form,
      standard: options.standard,
      example: options.example,
      isRequired: fallback === undefined,
    },
  };
}

/** A table with known keys; any other key is a problem that names the nearest known one. */
export function table<T extends object>(about: string, settings: Settings<T>): Node<T> & { readonly doc: TableDoc } {
  const byKey = Object.entries(settings) as ReadonlyArray<[string, readonly [string, Node<unknown>]]>;
  const known = byKey.map(([, [key]]) => key);
  return {
    read(value, path, problems) {
      const given = value === undefined ? {} : value;
      if (!isTable(given)) {
        problems.push({ path, message: `${shownPath(path)} must be a table, [${shownPath(path)}] on a line of its own` });
        return undefined;
      }
      for (const key of Object.keys(given)) {
        if (!known.includes(key)) problems.push({ path: [...path, key], message: unknownKey(key, path, known) });
      }
      const result: Record<string, unknown> = {};
      for (const [property, [key, node]] of byKey) result[property] = node.read(given[key], [...path, key], problems);
      return result as T;
    },
    doc: { kind: 'table', about, isOptional: false, entries: byKey.map(([, [key, node]]) => [key, node.doc] as const) },
  };
}

/** Like `table`, and undefined when it is not written at all. */
export function optionalTable<T extends object>(about: string, settings: Settings<T>): Node<T | undefined> {
  const inner = table(about, settings);
  return { read: (value, path, problems) => (value === undefined ? undefined : inner.read(value, path, problems)), doc: { ...inner.doc, isOptional: true } };
}

/** A list of tables: `[[queue.routes]]`. */
export function tables<T extends object>(about: string, each: Node<T> & { readonly doc: TableDoc }): Node<readonly T[]> {
  return {
    read(value, path, problems) {
      if (value === undefined) return [];
      if (!Array.isArray(value)) {
        problems.push({ path, message: `${shownPath(path)} must be a list of tables, each begun with [[${shownPath(path)}]]` });
        return undefined;
      }
      return value.map((one: unknown, index) => each.read(one, [...path, index], problems) as T);
    },
    doc: { kind: 'tables', about, each: each.doc },
  };
}

/** A table whose keys are some of a list of names, each a table: `[listeners.smtp]`. */
export function named<Name extends string, T extends object>(
  about: string,
  names: readonly Name[],
  each: (name: Name) => Node<T> & { readonly doc: TableDoc },
): Node<ReadonlyMap<Name, T>> {
  return {
    read(value, path, problems) {
      const result = new Map<Name, T>();
      if (value === undefined) return result;
      if (!isTable(value)) {
        problems.push({ path, message: `${shownPath(path)} must be a table` });
        return undefined;
      }
      for (const [key, one] of Object.entries(value)) {
        const name = names.find((candidate) => candidate === key);
        if (name === undefined) problems.push({ path: [...path, key], message: unknownKey(key, path, names) });
        else result.set(name, each(name).read(one, [...path, key], problems) as T);
      }
      return result;
    },
    doc: { kind: 'named', about, names, each: (name) => each(name as Name).doc },
  };
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function unknownKey(key: string, path: ConfigPath, known: readonly string[]): string {
  const where = path.length === 0 ? 'at the top' : `in [${shownPath(path)}]`;
  const near = nearest(key, known);
  return `unknown key "${key}" ${where}; ${near ? `did you mean "${near}"?` : `known keys are ${known.join(', ')}`}`;
}

/** The known word with the fewest changed letters, if it is near enough to be meant. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(word.toLowerCase().replaceAll('-', '_').slice(0, 64), candidate);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Levenshtein's distance, in one row. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** `queue.routes[0].host`; the document itself is empty. */
export function shownPath(path: ConfigPath): string {
  let shown = '';
  for (const part of path) shown += typeof part === 'number' ? `[${part}]` : shown === '' ? part : `.${part}`;
  return shown;
}

function shownValue(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}

function valueAt(value: unknown, path: ConfigPath): unknown {
  let at = value;
  for (const part of path) at = typeof at === 'object' && at !== null ? (at as Record<string | number, unknown>)[part] : undefined;
  return at;
}
