/**
 * IDLE: what others change is told as soon as this thread's table hears of it. An idle session costs a listener and a pending read, no timer of its own.
 *
 * RFC 9051 §6.3.13 · RFC 2177
 */
import { type Command, ImapError } from '../command.ts';
import type { Session } from '../session.ts';

const LONGEST_LINE = 1024;

export const idle: Command<void> = {
  name: 'IDLE',
  states: ['authenticated', 'selected'],
  parse: (cursor) => {
    cursor.end();
  },
  run: async (session) => {
    const teller = new Teller(session);
    session.writer.write('+ idling\r\n');
    teller.start();
    session.isWaiting = true;
    try {
      const line = (await session.reader.readLine(LONGEST_LINE)).toString('latin1').trimEnd();
      if (line.toUpperCase() !== 'DONE') throw new ImapError('BAD', 'DONE was expected');
    } finally {
      session.isWaiting = false;
      await teller.stop();
    }
  },
};

/** Writes news while the session waits: one round at a time, another one if something came meanwhile. */
class Teller {
  readonly #session: Session;
  #running: Promise<void> | undefined;
  #isAsked = false;
  /** Whether the news came with a refresh of the table, which all sessions that wait for this mailbox share. */
  #isFresh = false;
  #failure: unknown;

  constructor(session: Session) {
    this.#session = session;
  }

  start(): void {
    const { view } = this.#session.selected ?? {};
    if (view !== undefined) {
      view.onPending = () => {
        this.#isFresh = true;
        this.#ask();
      };
    }
    this.#session.onDirectoryChange = () => {
      this.#ask();
    };
    // What came since the last command.
    this.#ask();
  }

  /** Ends the telling; throws what went wrong in it. */
  async stop(): Promise<void> {
    const { view } = this.#session.selected ?? {};
    if (view !== undefined) view.onPending = undefined;
    this.#session.onDirectoryChange = undefined;
    await this.#running;
    if (this.#failure !== undefined) throw this.#failure;
  }

  #ask(): void {
    this.#isAsked = true;
    this.#running ??= this.#tell();
  }

  async #tell(): Promise<void> {
    try {
      while (this.#isAsked && this.#session.state !== 'logout') {
        this.#isAsked = false;
        const isFresh = this.#isFresh;
        this.#isFresh = false;
        await this.#session.tellUpdates({ expunges: true, isFresh });
        if (this.#session.selected?.view.isDeleted) this.#end('The selected mailbox was deleted');
        else if (this.#session.mayHaveLostAccess && !(await this.#session.isAllowed())) this.#end('The account was changed: sign in again');
      }
    } catch (error) {
      this.#failure = error;
    } finally {
      this.#running = undefined;
    }
  }

  /** The client is told at once; the conversation ends with what it sends next, or when it has left. */
  #end(reason: string): void {
    this.#session.untagged(`BYE ${reason}`);
    this.#session.state = 'logout';
  }
}
