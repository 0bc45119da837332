/** One client's conversation: its state, its maildrop once it has signed in, and the writing of replies. RFC 1939 §3 */
import { utf8 } from '#core/bytes.ts';
import type { Identity, SignInContext } from '#directory/directory.ts';
import type { Log } from '#log/log.ts';
import type { Connection, Writer } from '#net/connection.ts';
import type { State } from './command.ts';
import { Pop3Error } from './errors.ts';
import type { Maildrop } from './maildrop.ts';
import type { Pop3Services } from './services.ts';
import { ENGLISH, type Language } from './languages.ts';
import * as texts from './texts.ts';
import type { Text } from './texts.ts';

/** Above this much on its way, a long reply waits for the client. */
const BACK_PRESSURE_BYTES = 256 * 1024;

export class Session {
  readonly connection: Connection;
  readonly services: Pop3Services;
  state: State = 'authorization';
  identity: Identity | undefined;
  language: Language = ENGLISH;
  /** What USER said, until PASS. */
  userName: string | undefined;
  /** Adds connection and login to what is logged. */
  log: Log;
  /** Whether the session waits for the client's next command. */
  isWaiting: boolean = false;
  readonly #unitTimeoutMs: number;
  #maildrop: Maildrop | undefined;
  #mayHaveLostAccess = false;
  #directorySubscription: Disposable | undefined;

  constructor(connection: Connection, services: Pop3Services) {
    this.connection = connection;
    this.services = services;
    this.log = services.log.with({ connection: connection.id });
    this.#unitTimeoutMs = connection.reader.unitTimeoutMs;
  }

  get writer(): Writer {
    return this.connection.writer;
  }

  /** The snapshot of INBOX; only in the transaction state. */
  get maildrop(): Maildrop {
    if (this.#maildrop === undefined) throw new Pop3Error(texts.wrongState, { isBad: true });
    return this.#maildrop;
  }

  /** Refuses before TLS; else says where the attempt comes from. */
  requireTls(): SignInContext {
    const { connection } = this;
    if (connection.tls === undefined) throw new Pop3Error(texts.needsTls, { isBad: true });
    return { listener: connection.listener, remoteAddress: connection.remote.address, connectionId: connection.id };
  }

  /** Begins the transaction state. From here on the session follows changes of the account. */
  enter(identity: Identity, maildrop: Maildrop): void {
    this.identity = identity;
    this.#maildrop = maildrop;
    this.state = 'transaction';
    this.connection.reader.timeoutMs = this.services.settings.idleTimeoutMs;
    this.connection.reader.unitTimeoutMs = this.#unitTimeoutMs;
    this.log = this.log.with({ login: identity.login });
    this.#directorySubscription = this.services.store.onNotify('directory', () => {
      this.#mayHaveLostAccess = true;
    });
  }

  /** Lets the next reads wait until this moment, for a client that has not signed in, however it divides what it sends. False when it has passed. */
  waitsUntil(deadlineMs: number): boolean {
    const leftMs = deadlineMs - performance.now();
    this.connection.reader.timeoutMs = leftMs;
    this.connection.reader.unitTimeoutMs = leftMs;
    return leftMs > 0;
  }

  /** Whether the account was disabled or its credentials changed since sign-in. */
  async hasLostAccess(): Promise<boolean> {
    if (!this.#mayHaveLostAccess || this.identity === undefined) return false;
    this.#mayHaveLostAccess = false;
    return !(await this.services.directory.isCurrent(this.identity));
  }

  /** Gives back what the session holds. */
  end(): void {
    this.state = 'closed';
    this.#directorySubscription?.[Symbol.dispose]();
    this.#maildrop?.[Symbol.dispose]();
  }

  // Replies

  /** `+OK facts text`: facts are for programs. */
  ok(text: Text, facts: string = ''): void {
    this.#reply(facts === '' ? '+OK ' : `+OK ${facts} `, text);
  }

  /** `-ERR [CODE] text`. */
  refuse(error: Pop3Error, addition: string = ''): void {
    this.#reply(error.code === undefined ? '-ERR ' : `-ERR [${error.code}] `, error.text, addition);
  }

  /** The lines of a multi-line reply, which must hold no line that begins with a dot, and its end. */
  async lines(all: Iterable<string>): Promise<void> {
    for (const line of all) {
      this.writer.write(`${line}\r\n`);
      if (this.writer.pendingBytes > BACK_PRESSURE_BYTES) await this.writer.flush();
    }
    this.writer.write('.\r\n');
  }

  /** Waits for a client that is behind. */
  async drain(): Promise<void> {
    if (this.writer.pendingBytes > BACK_PRESSURE_BYTES) await this.writer.flush();
  }

  #reply(status: string, text: Text, addition: string = ''): void {
    const line = `${status}${text[this.language.index]}${addition === '' ? '' : ` ${addition}`}\r\n`;
    this.writer.write(this.language.index === 0 ? line : utf8(line));
  }
}
