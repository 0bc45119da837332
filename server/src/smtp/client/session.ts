/**
 * One message after another to one server.
 *
 * RFC 5321 §3.3, §4.1.1, §4.5.3.1.10 (too many recipients) · RFC 2920 (PIPELINING) · RFC 3030 (CHUNKING) · RFC 2852 §4.1.4.1 (DELIVERBY) · RFC 9422 (LIMITS)
 *
 * With PIPELINING the envelope travels in one piece: a message takes two round trips. With CHUNKING the message travels as one chunk, as it is: behind the
 * answers to the envelope, because octets that nobody wants would be sent in vain, and a line that breaks would leave it open whether the message had arrived.
 */
import { NetError } from '#net/connection.ts';
import type { OutgoingConnection } from '#net/outgoing-connection.ts';
import type { MailSession, OutboundMessage, Outcome } from '#queue/transport.ts';
import { mailCommand, recipientCommand } from './commands.ts';
import type { Conversions } from './conversions.ts';
import { DotStuffer } from './dot-stuffer.ts';
import { misfit } from './misfit.ts';
import type { OpenedSession } from './open-session.ts';
import { contentFor, type OutgoingContent } from './outgoing-content.ts';
import { brokenOff, found, said, ServiceClosing, type Stage } from './outcomes.ts';
import { isPositive, type Reply, readReply, replyText } from './reply.ts';
import type { TimeLimits } from './time-limits.ts';

const PIECE = 128 * 1024;
/** A session is not kept for ever, so that changes (DNS, certificates) are seen and the server's patience is not tried. */
const MOST_MESSAGES = 1000;
const LONGEST_MS = 10 * 60_000;
/** For the answers to the whole envelope, in times of one: a hundred recipients at five minutes each would hold a connection for a working day. */
const ENVELOPE_TIMES = 6;
/** For the whole content of a message, even if each piece is taken in time. */
const LONGEST_CONTENT_MS = 2 * 3600_000;
/** For what a server may have said before it closed the line in the middle of a message. */
const LAST_WORDS_MS = 200;

/** Said to BDAT by what stands between us and the server (RFC 5321 §4.2.4): DATA will do. */
const UNKNOWN_COMMAND: ReadonlySet<number> = new Set([500, 502, 503, 504]);

/** Whether the host's CHUNKING is believed. */
export interface ChunkUse {
  readonly isAllowed: boolean;
  /** It offers it and does not know it. */
  refused(): void;
}

export class SmtpSession implements MailSession {
  readonly host: string;
  readonly tls: MailSession['tls'];
  readonly #name: string;
  readonly #connection: OutgoingConnection;
  readonly #capabilities: OpenedSession['capabilities'];
  readonly #timeLimits: TimeLimits;
  readonly #messageLimit: number;
  readonly #chunks: ChunkUse;
  readonly #conversions: Conversions;
  readonly #openedAtMs = performance.now();
  #messages = 0;
  #isBroken = false;
  #envelopeUntilMs = Infinity;
  /** The server has answered something in the present transaction. */
  #hasAnswered = false;
  /** A transaction was begun and not ended. */
  #needsReset = false;

  constructor(
    name: string,
    { connection, capabilities, tls }: OpenedSession,
    { timeLimits, chunks, conversions }: { readonly timeLimits: TimeLimits; readonly chunks: ChunkUse; readonly conversions: Conversions },
  ) {
    const { remoteAddress } = connection;
    this.#name = name;
    this.host = name === remoteAddress ? name : `${name} [${remoteAddress}]`;
    this.tls = tls;
    this.#connection = connection;
    this.#capabilities = chunks.isAllowed ? capabilities : { ...capabilities, chunking: false };
    this.#chunks = chunks;
    this.#conversions = conversions;
    this.#timeLimits = timeLimits;
    this.#messageLimit = Math.min(capabilities.messageLimit ?? MOST_MESSAGES, MOST_MESSAGES);
  }

  get isUsable(): boolean {
    const { reader, isOpen } = this.#connection;
    // Octets that nobody asked for: a 421 on its way out.
    return !this.#isBroken && isOpen && reader.bufferedBytes === 0 && this.#messages < this.#messageLimit && performance.now() - this.#openedAtMs < LONGEST_MS;
  }

  async send(message: OutboundMessage): Promise<readonly Outcome[]> {
    const none = misfit(message, this.#capabilities, this.#name);
    const content = none ?? (await this.#contentOf(message));
    if ('kind' in content) return message.recipients.map(() => content);
    using _room = content;
    return await this.#sendInParts(message, content);
  }

  /** The octets for this server, or what comes of there being none. */
  async #contentOf(message: OutboundMessage): Promise<OutgoingContent | Outcome> {
    try {
      const content = await contentFor(message, this.#capabilities.eightBitMime, this.#conversions);
      if (content === 'misfit') return found('failed', '5.6.3', `The message cannot be converted for ${this.#name}, which takes 7-bit messages only`);
      if (content === 'busy') return found('deferred', '4.3.1', `Too much is being converted for servers that take 7-bit messages only, as ${this.#name} does`);
      return content;
    } catch (error) {
      return found('deferred', '4.3.0', `The message could not be read: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  async #sendInParts(message: OutboundMessage, content: OutgoingContent): Promise<readonly Outcome[]> {
    const all = message.recipients;
    const most = this.#capabilities.recipientLimit ?? all.length;
    const outcomes: Outcome[] = [];
    for (let first = 0; first < all.length; first += most) {
      // The server's own limits (RFC 9422), or its end: the others go over another connection.
      if (first > 0 && !this.isUsable) {
        const untried = { ...found('deferred', '4.4.2', 'The connection ended before these recipients'), isUntried: true };
        return [...outcomes, ...all.slice(first).map(() => untried)];
      }
      outcomes.push(...(await this.#sendTo({ ...message, recipients: all.slice(first, first + most) }, content)));
    }
    return outcomes;
  }

  async #sendTo(message: OutboundMessage, content: OutgoingContent): Promise<readonly Outcome[]> {
    this.#messages++;
    this.#hasAnswered = false;
    const progress: Progress = { stage: 'envelope', outcomes: message.recipients.map(() => undefined) };
    try {
      await this.#transact(message, content, progress);
    } catch (error) {
      this.#isBroken = true;
      const lastWords = progress.stage === 'content' ? await this.#lastWords() : undefined;
      this.#connection.destroy();
      const outcome = lastWords ?? this.#brokenOff(error, progress.stage);
      return progress.outcomes.map((known) => known ?? outcome);
    }
    return progress.outcomes.map((known) => known ?? found('deferred', '4.5.0', 'the server gave no answer for this recipient'));
  }

  close(): void {
    if (this.#isBroken || !this.#connection.isOpen) {
      this.#connection.destroy();
      return;
    }
    this.#connection.writer.write('QUIT\r\n');
    this.#connection.close();
  }

  async #transact(message: OutboundMessage, content: OutgoingContent, progress: Progress): Promise<void> {
    const { writer } = this.#connection;
    const { chunking, pipelining } = this.#capabilities;
    this.#envelopeUntilMs = performance.now() + ENVELOPE_TIMES * this.#timeLimits.commandMs;
    if (this.#needsReset) {
      this.#needsReset = false;
      await this.#command('RSET\r\n', this.#timeLimits.commandMs);
    }
    const facts = { sizeBytes: content.sizeBytes, isEightBit: content.isEightBit, isSecure: this.tls !== undefined };
    const commands = [mailCommand(message, this.#capabilities, facts), ...message.recipients.map((one) => recipientCommand(one, message, this.#capabilities))];
    const isWanted = pipelining ? await this.#envelopeAtOnce(commands, progress) : await this.#envelopeInTurn(commands, progress);
    if (!isWanted) {
      this.#needsReset = true;
      return;
    }
    this.#envelopeUntilMs = Infinity;
    const accepted = progress.outcomes.flatMap((outcome, index) => (outcome ? [] : [index]));
    if (accepted.length === 0) {
      // DATA was pipelined and accepted although nobody is left: the empty message ends it (RFC 2920 §3.1).
      writer.write('.\r\n');
      await this.#reply(this.#timeLimits.finalMs);
      return;
    }
    progress.stage = 'content';
    if (chunking) await this.#chunk(content);
    else await this.#data(content);
    progress.stage = 'final';
    const final = await this.#reply(this.#timeLimits.finalMs);
    if (chunking && UNKNOWN_COMMAND.has(final.code)) {
      this.#chunks.refused();
      progress.stage = 'content';
      throw new NetError('closed', `the server offers CHUNKING and does not know it: ${replyText(final)}`);
    }
    const { dsn, deliverBySeconds } = this.#capabilities;
    const outcome = { ...said(final, this.#name), tellsFurther: dsn, promisesTime: deliverBySeconds !== undefined };
    for (const index of accepted) progress.outcomes[index] = outcome;
  }

  /** MAIL, every RCPT and, without CHUNKING, DATA in one piece. True: the server waits for the content. */
  async #envelopeAtOnce(commands: readonly string[], progress: Progress): Promise<boolean> {
    const { commandMs, dataMs } = this.#timeLimits;
    const { chunking } = this.#capabilities;
    this.#write(`${commands.join('')}${chunking ? '' : 'DATA\r\n'}`);
    const mail = await this.#reply(commandMs);
    if (!isPositive(mail)) this.#refuseAll(mail, progress);
    for (let index = 0; index < progress.outcomes.length; index++) this.#recipientReply(await this.#reply(commandMs), index, progress);
    if (chunking) return progress.outcomes.includes(undefined);
    return this.#isDataWanted(await this.#reply(dataMs), progress);
  }

  async #envelopeInTurn(commands: readonly string[], progress: Progress): Promise<boolean> {
    const { commandMs, dataMs } = this.#timeLimits;
    const [mailLine = '', ...recipients] = commands;
    const mail = await this.#command(mailLine, commandMs);
    if (!isPositive(mail)) {
      this.#refuseAll(mail, progress);
      return false;
    }
    for (const [index, line] of recipients.entries()) this.#recipientReply(await this.#command(line, commandMs), index, progress);
    if (!progress.outcomes.includes(undefined)) return false;
    if (this.#capabilities.chunking) return true;
    return this.#isDataWanted(await this.#command('DATA\r\n', dataMs), progress);
  }

  #isDataWanted(reply: Reply, progress: Progress): boolean {
    if (reply.code === 354) return true;
    // A yes to a message that it has not seen would be taken for a delivery.
    if (isPositive(reply)) throw new NetError('closed', `the server answers DATA with ${replyText(reply)}`);
    this.#refuseAll(reply, progress);
    return false;
  }

  #recipientReply(reply: Reply, index: number, progress: Progress): void {
    if (isPositive(reply) || progress.outcomes[index]) return;
    const outcome = said(reply, this.#name);
    // An old way to say "too many recipients" (RFC 5321 §4.5.3.1.10).
    progress.outcomes[index] = reply.code === 552 && reply.enhanced === undefined ? { ...outcome, kind: 'deferred', status: '4.5.3' } : outcome;
  }

  #refuseAll(reply: Reply, progress: Progress): void {
    const outcome = said(reply, this.#name);
    for (const [index, known] of progress.outcomes.entries()) progress.outcomes[index] = known ?? outcome;
  }

  async #data(content: OutgoingContent): Promise<void> {
    const { writer } = this.#connection;
    const stuffer = new DotStuffer();
    await this.#pieces(content, async (piece) => {
      writer.write(stuffer.stuff(piece));
      await writer.flush();
    });
    this.#expectSilence();
    // From here on the server may have the whole message; before, it must throw away what it has (RFC 5321 §4.1.1.4).
    writer.write(stuffer.end());
  }

  async #chunk(content: OutgoingContent): Promise<void> {
    const { writer } = this.#connection;
    const { sizeBytes } = content;
    // With DATA the final dot would have seen to it that the last line ends.
    const tail = Buffer.from(await content.read(Math.max(0, sizeBytes - 2), Math.min(2, sizeBytes))).toString('latin1');
    const lineEnd = tail.endsWith('\n') ? '' : tail.endsWith('\r') ? '\n' : '\r\n';
    this.#write(`BDAT ${sizeBytes + lineEnd.length} LAST\r\n`);
    let left = sizeBytes;
    await this.#pieces(content, async (piece) => {
      left -= piece.length;
      if (left === 0) this.#expectSilence();
      writer.write(piece);
      // With the last octet the server may have the whole message: nothing may fail behind it.
      if (left > 0) await writer.flush();
    });
    if (lineEnd !== '') writer.write(lineEnd);
  }

  async #pieces(content: OutgoingContent, take: (piece: Buffer) => Promise<void>): Promise<void> {
    this.#connection.writer.timeoutMs = this.#timeLimits.blockMs;
    const { sizeBytes } = content;
    const beganAtMs = performance.now();
    for (let at = 0; at < sizeBytes; at += PIECE) {
      if (performance.now() - beganAtMs > LONGEST_CONTENT_MS) throw new NetError('timeout', 'the server takes the message too slowly');
      const piece = await content.read(at, Math.min(PIECE, sizeBytes - at));
      await take(Buffer.from(piece.buffer, piece.byteOffset, piece.length));
    }
  }

  async #command(line: string, timeoutMs: number): Promise<Reply> {
    this.#write(line);
    return await this.#reply(timeoutMs);
  }

  #write(text: string): void {
    this.#expectSilence();
    this.#connection.writer.write(Buffer.from(text));
  }

  /** An answer that is there before its question belongs to nothing: the conversation is out of step, and what came would be taken for the next answer. */
  #expectSilence(): void {
    if (this.#connection.reader.bufferedBytes > 0) throw new NetError('closed', 'the server answered before it was asked');
  }

  /** Why the server does not take the rest of a message, if it has said so. Nothing that it says there can mean that it has the message. */
  async #lastWords(): Promise<Outcome | undefined> {
    try {
      const reply = await readReply(this.#connection.reader, LAST_WORDS_MS);
      return reply.code >= 400 && reply.code !== 421 ? said(reply, this.#name) : undefined;
    } catch (error) {
      if (error instanceof NetError) return undefined;
      throw error;
    }
  }

  async #reply(timeoutMs: number): Promise<Reply> {
    const reply = await readReply(this.#connection.reader, Math.max(1, Math.min(timeoutMs, this.#envelopeUntilMs - performance.now())));
    this.#hasAnswered = true;
    // RFC 5321 §3.8: the server is about to close, whatever was asked.
    if (reply.code === 421) throw new ServiceClosing(reply);
    return reply;
  }

  #brokenOff(error: unknown, stage: Stage): Outcome {
    if (error instanceof ServiceClosing) return { ...said(error.reply, this.#name), kind: 'deferred', isUnsure: false };
    const isUntried = stage === 'envelope' && this.#messages > 1 && !this.#hasAnswered && error instanceof NetError && error.code === 'closed';
    return { ...brokenOff(error, stage, this.host), isUntried };
  }
}

interface Progress {
  stage: Stage;
  readonly outcomes: Array<Outcome | undefined>;
}
