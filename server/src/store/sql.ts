/**
 * The `sql` template and the programs made of it.
 *
 * A mutation or a query is a generator that yields statements and receives rows: `const row = yield* one<Row>(sql`select ...`)`. The SQLite driver runs
 * it to its end synchronously, so that nothing can interleave; another engine can drive the same generator asynchronously. Values become bound
 * parameters, never text; the template's identity is the key of the prepared statement, so each place in the source is prepared once.
 */

export type SqlValue = number | string | Uint8Array | null;

/** A statement: the template's fixed parts and its values. `text` uses `?` for SQLite. */
export interface Statement {
  readonly strings: TemplateStringsArray;
  readonly values: readonly SqlValue[];
}

export type Row = Readonly<Record<string, SqlValue>>;

/** What a program asks of the engine. `one`: first row or undefined; `all`: rows as objects; `rows`: rows as arrays (faster); `run`: number of changed rows. */
export interface Ask {
  readonly mode: 'one' | 'all' | 'rows' | 'run';
  readonly statement: Statement;
}

/** A generator that yields statements and returns R; see `defineMutation` for those that write. */
export type Program<R> = Generator<Ask, R, unknown>;

export function sql(strings: TemplateStringsArray, ...values: SqlValue[]): Statement {
  return { strings, values };
}

/** The first row, or undefined. */
export function* one<T = Row>(statement: Statement): Program<T | undefined> {
  return (yield { mode: 'one', statement }) as T | undefined;
}

/** All rows, as objects. The statement must bound their number. */
export function* all<T = Row>(statement: Statement): Program<readonly T[]> {
  return (yield { mode: 'all', statement }) as readonly T[];
}

/** All rows, as arrays in column order: for hot paths. */
export function* rows<T extends readonly SqlValue[] = readonly SqlValue[]>(statement: Statement): Program<readonly T[]> {
  return (yield { mode: 'rows', statement }) as readonly T[];
}

/** Runs a statement that changes rows; returns how many. */
export function* run(statement: Statement): Program<number> {
  return (yield { mode: 'run', statement }) as number;
}
