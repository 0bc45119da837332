/**
 * One connection to the metadata database: prepared statements found by template identity, and the synchronous run of programs. The only file that
 * knows better-sqlite3.
 */
import Sqlite from 'better-sqlite3';
import type { Ask, Program, SqlValue, Statement } from '../sql.ts';

/** A delivery touches some eight pages of its account, each written whole to the log: small pages halve that against 8 KiB, and read as fast. */
export const PAGE_SIZE_BYTES = 4096;

export interface ConnectionOptions {
  readonly readonly?: boolean;
  /** Page cache of this connection. */
  readonly cacheBytes?: number;
  /** How much of the file is read through a memory map: shared by all threads. */
  readonly mmapBytes?: number;
}

/** Whether an error came from SQLite, and its extended code (`SQLITE_FULL`, `SQLITE_IOERR_WRITE`). */
export function sqliteCode(error: unknown): string | undefined {
  return error instanceof Sqlite.SqliteError ? error.code : undefined;
}

export class Connection implements Disposable {
  readonly #database: Sqlite.Database;
  readonly #objectStatements = new Map<TemplateStringsArray, Sqlite.Statement>();
  readonly #arrayStatements = new Map<TemplateStringsArray, Sqlite.Statement>();
  readonly #fixed = new Map<string, Sqlite.Statement>();
  /** Changing statements that were run since the last `record`. */
  #recorded: Statement[] = [];

  constructor(file: string, options: ConnectionOptions = {}) {
    const readonly = options.readonly === true;
    this.#database = new Sqlite(file, { readonly, fileMustExist: readonly, timeout: 10_000 });
    if (!readonly) {
      this.#database.pragma(`page_size = ${PAGE_SIZE_BYTES}`);
      this.#database.pragma('journal_mode = WAL');
      this.#database.pragma('synchronous = FULL');
    }
    this.#database.pragma('foreign_keys = OFF');
    this.#database.pragma('temp_store = MEMORY');
    this.#database.pragma(`cache_size = ${-Math.ceil((options.cacheBytes ?? 16 * 2 ** 20) / 1024)}`);
    if (options.mmapBytes !== undefined) this.#database.pragma(`mmap_size = ${options.mmapBytes}`);
  }

  /** The statements of programs that may have changed something since `forget`, in the order in which they were run. */
  get recorded(): readonly Statement[] {
    return this.#recorded;
  }

  /** Forgets what was recorded behind the first `count` statements: it is done for, or was undone. */
  forget(count: number = 0): void {
    if (count === 0) this.#recorded = [];
    else this.#recorded.length = count;
  }

  get inTransaction(): boolean {
    return this.#database.inTransaction;
  }

  /** Runs fixed text without values: transaction control, prepared once each. */
  execute(text: 'BEGIN' | 'BEGIN IMMEDIATE' | 'COMMIT' | 'ROLLBACK' | 'SAVEPOINT one' | 'RELEASE one' | 'ROLLBACK TO one'): void {
    let statement = this.#fixed.get(text);
    if (!statement) {
      statement = this.#database.prepare(text);
      this.#fixed.set(text, statement);
    }
    statement.run();
  }

  /** Runs a script of several statements, not prepared: migrations and the like. */
  script(text: string): void {
    this.#database.exec(text);
  }

  /** A PRAGMA's rows. */
  pragma(text: string): unknown {
    return this.#database.pragma(text);
  }

  /** Answers one question of a program. */
  ask({ mode, statement }: Ask): unknown {
    switch (mode) {
      case 'one':
        return this.#record(this.#objects(statement), statement, (prepared) => prepared.get(...statement.values));
      case 'all':
        return this.#record(this.#objects(statement), statement, (prepared) => prepared.all(...statement.values));
      case 'rows':
        return this.#record(this.#arrays(statement), statement, (prepared) => prepared.all(...statement.values));
      case 'run':
        return this.#record(this.#objects(statement), statement, (prepared) => prepared.run(...statement.values).changes);
    }
  }

  /** Drives a program to its end. An error of a statement is thrown into the program, which may catch it. */
  drive<Result>(program: Program<Result>): Result {
    let step = program.next();
    while (step.done !== true) {
      let answer: unknown;
      try {
        answer = this.ask(step.value);
      } catch (error) {
        step = program.throw(error);
        continue;
      }
      step = program.next(answer);
    }
    return step.value;
  }

  /** Runs `work` in one read transaction (within one that is already open, just runs it). */
  read<Result>(work: () => Result): Result {
    if (this.#database.inTransaction) return work();
    this.execute('BEGIN');
    try {
      return work();
    } finally {
      this.execute('COMMIT');
    }
  }

  /** Rows as arrays, for code that needs no program. */
  rows<T extends readonly SqlValue[]>(statement: Statement): T[] {
    return this.#arrays(statement).all(...statement.values) as T[];
  }

  /** Two numbers a row of a statement that is made up of names in the schema: for the checker only. */
  pairs(text: string): [number, number][] {
    return this.#database.prepare(text).raw(true).all() as [number, number][];
  }

  /** All rows of a table, for tests that compare databases. */
  table(name: string): readonly unknown[] {
    return this.#database.prepare(`SELECT * FROM "${name}"`).all();
  }

  /** First row as an object, for code that needs no program. */
  one<T>(statement: Statement): T | undefined {
    return this.#objects(statement).get(...statement.values) as T | undefined;
  }

  /** Runs a changing statement, for code that needs no program. */
  run(statement: Statement): number {
    return this.#objects(statement).run(...statement.values).changes;
  }

  /** Runs a changing statement that was recorded, by its text. */
  repeat(text: string, values: readonly SqlValue[]): void {
    let prepared = this.#fixed.get(text);
    if (!prepared) {
      prepared = this.#database.prepare(text);
      this.#fixed.set(text, prepared);
    }
    if (prepared.reader) prepared.all(...values);
    else prepared.run(...values);
  }

  /** From now on a commit is in the log, not on the disk: somebody else sees to that before (journal/). */
  syncNoMore(): void {
    this.#database.pragma('synchronous = NORMAL');
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  /** One that fails has changed nothing (SQLite takes it back), and would fail again: it is not recorded. */
  #record<Answer>(prepared: Sqlite.Statement, statement: Statement, run: (prepared: Sqlite.Statement) => Answer): Answer {
    const answer = run(prepared);
    if (!prepared.readonly) this.#recorded.push(statement);
    return answer;
  }

  #objects(statement: Statement): Sqlite.Statement {
    let prepared = this.#objectStatements.get(statement.strings);
    if (!prepared) {
      prepared = this.#database.prepare(statement.strings.join('?'));
      this.#objectStatements.set(statement.strings, prepared);
    }
    return prepared;
  }

  #arrays(statement: Statement): Sqlite.Statement {
    let prepared = this.#arrayStatements.get(statement.strings);
    if (!prepared) {
      prepared = this.#database.prepare(statement.strings.join('?')).raw(true);
      this.#arrayStatements.set(statement.strings, prepared);
    }
    return prepared;
  }
}
