/**
 * One SMTP, submission or LMTP conversation: what is known so far, and how it answers.
 *
 * RFC 5321 §3, §4.1.4 (order of commands) · RFC 6409 (submission) · RFC 2033 (LMTP)
 */
import type { Envelope, MessageSink, Peer, SenderParameters } from '#delivery/delivery.ts';
import { type Delivery, Refusal } from '#delivery/delivery.ts';
import type { Directory, Identity } from '#directory/directory.ts';
import type { Log } from '#log/log.ts';
import { type Connection, NetError } from '#net/connection.ts';
import type { ChunkChecker } from '../wire/chunk-checker.ts';
import { formatReply } from '../wire/reply.ts';

export interface SmtpServices {
  readonly delivery: Delivery;
  readonly directory: Directory;
  readonly log: Log;
  readonly settings: SmtpSettings;
}

export interface SmtpSettings {
  /** The name in the greeting and in EHLO. */
  readonly hostname: string;
  /** How long a client may say nothing; RFC 5321 §4.5.3.2.7: at least 5 minutes. */
  readonly timeoutMs: number;
  /** How long a client of submission may take to sign in. */
  readonly signInTimeoutMs: number;
  /** How long one message may take from 354 to its end. */
  readonly messageTimeoutMs: number;
  /** Messages of one connection; RFC 9422 MAILMAX. */
  readonly maxMessages: number;
  /** Wrong commands after which the conversation is ended; a refused recipient counts a fifth. */
  readonly maxErrors: number;
  /** Commands that bring no message after which the conversation is ended. */
  readonly maxIdleCommands: number;
  readonly maxSignInFailures: number;
  /** The longest that a submitted message is held back on request; 0: not offered. RFC 4865 */
  readonly futureReleaseSeconds: number;
}

/** What the limits are where nobody sets them. */
export const DEFAULT_SMTP_SETTINGS: Omit<SmtpSettings, 'hostname'> = {
  timeoutMs: 300_000,
  signInTimeoutMs: 60_000,
  messageTimeoutMs: 1_800_000,
  maxMessages: 10_000,
  maxErrors: 20,
  maxIdleCommands: 1000,
  maxSignInFailures: 5,
  futureReleaseSeconds: 30 * 24 * 3600,
};

/** A list with many dead addresses is no attack: its live ones must get their mail within one session. */
const RECIPIENTS_AN_ERROR = 5;

/** Port 25, submission with either kind of TLS, or the local socket. */
export type Role = 'mx' | 'submission' | 'lmtp';

/** From MAIL to the end of data. */
export interface Transaction {
  readonly envelope: Envelope;
  readonly sender: string;
  readonly parameters: SenderParameters;
  /** The client asked for another priority than the message got. */
  readonly isPriorityChanged: boolean;
  /** Set by the first BDAT. */
  chunked: ChunkedBody | undefined;
}

/** A message that comes in chunks. RFC 3030 §2 */
export interface ChunkedBody {
  readonly sink: MessageSink;
  readonly checker: ChunkChecker;
  /** When the whole message must have come, by `performance.now`. */
  readonly untilMs: number;
}

export class Session {
  readonly connection: Connection;
  readonly services: SmtpServices;
  readonly role: Role;
  readonly log: Log;
  /** What HELO, EHLO or LHLO said; empty before. */
  helo = '';
  /** Whether it was EHLO or LHLO. */
  isExtended = false;
  identity: Identity | undefined;
  transaction: Transaction | undefined;
  /** The last reply has been given: the conversation ends. */
  isOver = false;
  messageCount = 0;
  signInFailures = 0;
  /** In fifths. */
  #errors = 0;
  #idleCommands = 0;
  #stopWaiting: ((reason: Error) => void) | undefined;

  constructor(connection: Connection, services: SmtpServices, role: Role) {
    this.connection = connection;
    this.services = services;
    this.role = role;
    this.log = services.log.with({ connection: connection.id });
  }

  /** Queues a reply; those of pipelined commands leave together. */
  reply(code: number, enhanced: string | undefined, text: string | readonly string[]): void {
    this.connection.writer.write(formatReply(code, enhanced, text));
  }

  /** The last reply of the conversation. */
  close(code: number, enhanced: string, text: string): void {
    this.reply(code, enhanced, `${this.services.settings.hostname} ${text}`);
    this.isOver = true;
  }

  /** Answers a refusal and counts it against the client. */
  refuse(refusal: Refusal, command: string): void {
    this.log.info('smtp.refused', { command, code: refusal.code, enhanced: refusal.enhanced, reason: refusal.reason, remote: this.connection.remote.address });
    if (refusal.code === 421) {
      this.close(421, refusal.enhanced, refusal.message);
      return;
    }
    this.reply(refusal.code, refusal.enhanced, refusal.message);
    // The mail server behind the local socket hands on what strangers sent it: their unknown recipients are not its errors.
    if (this.role === 'lmtp') return;
    this.#errors += command === 'RCPT' ? 1 : RECIPIENTS_AN_ERROR;
    if (this.#errors >= this.services.settings.maxErrors * RECIPIENTS_AN_ERROR) this.close(421, '4.7.0', 'Too many errors');
  }

  /** Counts a command; the conversation ends when too many bring no message nearer. */
  countCommand(): void {
    if (++this.#idleCommands > this.services.settings.maxIdleCommands) throw new Refusal(421, '4.7.0', 'Too many commands without a message');
  }

  /** A recipient or a part of a message was accepted. */
  countProgress(): void {
    this.#idleCommands = 0;
  }

  /** A message was accepted: the client is doing what it came for. */
  countMessage(): void {
    this.#idleCommands = 0;
    this.#errors = 0;
  }

  /** The side of Received and of every check. */
  peer(smtpUtf8: boolean): Peer {
    const { connection, identity } = this;
    const { tls } = connection;
    return {
      connectionId: connection.id,
      address: connection.remote.address,
      helo: this.helo,
      protocol: this.#protocol(smtpUtf8),
      tls: tls === undefined ? undefined : { version: tls.version, cipher: tls.cipher },
      identity,
    };
  }

  /** Drops the message that was begun, if there is one. RFC 5321 §4.1.1.5 */
  async resetTransaction(): Promise<void> {
    const transaction = this.transaction;
    this.transaction = undefined;
    await transaction?.chunked?.sink.abort();
  }

  /** Back to the state after the greeting, as STARTTLS asks (RFC 3207 §4.2). */
  async forgetEverything(): Promise<void> {
    await this.resetTransaction();
    this.helo = '';
    this.isExtended = false;
    this.identity = undefined;
  }

  /** Waits for the next line; rejects with NetError `aborted` when the server begins to stop. */
  waitForLine(limitBytes: number): Promise<Buffer> {
    const { connection } = this;
    if (connection.isClosing) return Promise.reject(new NetError('aborted'));
    return new Promise((resolve, reject) => {
      this.#stopWaiting = reject;
      connection.reader.readLine(limitBytes, STRICT).then(resolve, reject);
    });
  }

  /** Ends a wait for a line: the server begins to stop. */
  stopWaiting(): void {
    this.#stopWaiting?.(new NetError('aborted'));
  }

  /** The word for Received. RFC 3848 · RFC 6531 §4.3 */
  #protocol(smtpUtf8: boolean): string {
    if (!this.isExtended && this.connection.tls === undefined) return 'SMTP';
    const security = `${this.connection.tls === undefined ? '' : 'S'}${this.identity === undefined ? '' : 'A'}`;
    return `${smtpUtf8 ? 'UTF8' : this.role === 'lmtp' ? '' : 'E'}${this.role === 'lmtp' ? 'LMTP' : 'SMTP'}${security}`;
  }
}

/** Only CRLF ends a command. */
export const STRICT: { readonly strict: true } = { strict: true };
