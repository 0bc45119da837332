/**
 * One message after another to one server.
 *
 * RFC 5321 §3.3, §4.1.1, §4.5.3.1.10 (too many recipients) · RFC 2920 (PIPELINING) · RFC 1870 (SIZE) · RFC 6152 (8BITMIME) · RFC 6531 (SMTPUTF8) · RFC 3461 (DSN)
 * RFC 2852 §4.1.4 (BY) · RFC 6710 §4 (MT-PRIORITY)
 *
 * With PIPELINING the envelope travels in one piece: a message takes two round trips.
 */
import { NetError } from '#net/connection.ts';
import type { OutgoingConnection } from '#net/outgoing-connection.ts';
import type { MailSession, OutboundMessage, OutboundRecipient, Outcome } from '#queue/transport.ts';
import { DotStuffer } from './dot-stuffer.ts';
import type { MailHost } from './hosts.ts';
import type { OpenedSession } from './open-session.ts';
import { isPositive, type Reply, readReply, replyText, statusOf } from './reply.ts';
import { CONVERSION_LIMIT, toSevenBit } from './seven-bit.ts';
import type { TimeLimits } from './time-limits.ts';
import { encodeXtext } from '../wire/xtext.ts';

const PIECE = 128 * 1024;
/** A session is not kept for ever, so that changes (DNS, certificates) are seen and the server's patience is not tried. */
const MOST_MESSAGES = 1000;
const LONGEST_MS = 10 * 60_000;
/** For the whole content of a message, even if each piece is taken in time. */
const LONGEST_CONTENT_MS = 2 * 3600_000;

const ASCII = /^[ -~]*$/;
const CONTROLS = /\p{Cc}/u;

/** Where an attempt broke off. */
type Stage = 'envelope' | 'content' | 'final';

export class SmtpSession implements MailSession {
  readonly host: string;
  readonly #name: string;
  readonly #connection: OutgoingConnection;
  readonly #capabilities: OpenedSession['capabilities'];
  readonly #timeLimits: TimeLimits;
  readonly #openedAtMs = performance.now();
  #messages = 0;
  #isBroken = false;
  /** The server has answered something in the present transaction. */
  #hasAnswered = false;
  /** A transaction was begun and not ended. */
  #needsReset = false;

  constructor(host: MailHost, { connection, capabilities }: OpenedSession, timeLimits: TimeLimits) {
    this.#name = host.name;
    this.host = host.name === host.address ? host.name : `${host.name} [${host.address}]`;
    this.#connection = connection;
    this.#capabilities = capabilities;
    this.#timeLimits = timeLimits;
  }

  get tls(): MailSession['tls'] {
    return this.#connection.tls && { ...this.#connection.tls, policy: 'none', check: 'web-pki' };
  }

  get isUsable(): boolean {
    const { reader, isOpen } = this.#connection;
    // Octets that nobody asked for: a 421 on its way out.
    return !this.#isBroken && isOpen && reader.bufferedBytes === 0 && this.#messages < MOST_MESSAGES && performance.now() - this.#openedAtMs < LONGEST_MS;
  }

  async send(message: OutboundMessage): Promise<readonly Outcome[]> {
    this.#messages++;
    const misfit = this.#misfit(message);
    if (misfit) return message.recipients.map(() => misfit);
    this.#hasAnswered = false;
    const progress: Progress = { stage: 'envelope', outcomes: message.recipients.map(() => undefined) };
    try {
      await this.#transact(message, progress);
    } catch (error) {
      this.#isBroken = true;
      this.#connection.destroy();
      const outcome = this.#brokenOff(error, progress.stage);
      return progress.outcomes.map((known) => known ?? outcome);
    }
    return progress.outcomes.map((known) => known ?? this.#own('deferred', '4.5.0', 'the server gave no answer for this recipient'));
  }

  close(): void {
    if (this.#isBroken || !this.#connection.isOpen) {
      this.#connection.destroy();
      return;
    }
    this.#connection.writer.write('QUIT\r\n');
    this.#connection.close();
  }

  /** What this server cannot take, known without asking it. */
  #misfit(message: OutboundMessage): Outcome | undefined {
    // They come from parsed paths; what a line cannot hold must not get into one all the same.
    if (addressesOf(message).some((address) => CONTROLS.test(address))) return this.#own('failed', '5.1.3', 'The address cannot be written in a command');
    const { sizeLimit, smtpUtf8, eightBitMime } = this.#capabilities;
    if (needsUtf8(message) && !smtpUtf8)
      return this.#own('failed', '5.6.7', `${this.#name} does not take messages with internationalised addresses or headers (SMTPUTF8)`);
    if (sizeLimit !== undefined && sizeLimit > 0 && message.sizeBytes > sizeLimit)
      return this.#own('failed', '5.3.4', `The message has ${message.sizeBytes} octets and ${this.#name} takes ${sizeLimit}`);
    const late = this.#lateMisfit(message);
    if (late) return late;
    if (message.isEightBit && !eightBitMime && message.sizeBytes > CONVERSION_LIMIT)
      return this.#own('failed', '5.6.3', `The message is too large to be converted for ${this.#name}, which takes 7-bit messages only`);
    return undefined;
  }

  /** A message that is to be returned when it is late goes only to who promises that (RFC 2852 §4.1.4.2). */
  #lateMisfit({ deliverBy }: OutboundMessage): Outcome | undefined {
    if (deliverBy?.mode !== 'R') return undefined;
    const { deliverBySeconds } = this.#capabilities;
    if (deliverBy.seconds <= 0) return this.#own('failed', '5.4.7', 'The time in which the message was to be delivered is over');
    if (deliverBySeconds === undefined) return this.#own('failed', '5.3.3', `${this.#name} does not promise delivery within a time (DELIVERBY)`);
    if (deliverBy.seconds < deliverBySeconds)
      return this.#own('failed', '5.4.7', `${this.#name} promises delivery within ${deliverBySeconds} seconds and ${deliverBy.seconds} are left`);
    return undefined;
  }

  async #transact(message: OutboundMessage, progress: Progress): Promise<void> {
    const { writer } = this.#connection;
    if (this.#needsReset) {
      this.#needsReset = false;
      writer.write('RSET\r\n');
      await this.#reply(this.#timeLimits.commandMs);
    }
    const commands = [this.#mail(message), ...message.recipients.map((recipient) => this.#rcpt(recipient))];
    const canData = this.#capabilities.pipelining ? await this.#envelopeAtOnce(commands, progress) : await this.#envelopeInTurn(commands, progress);
    if (!canData) {
      this.#needsReset = true;
      return;
    }
    const accepted = progress.outcomes.flatMap((outcome, index) => (outcome ? [] : [index]));
    if (accepted.length === 0) {
      // DATA was pipelined and accepted although nobody is left: the empty message ends it (RFC 2920 §3.1).
      writer.write('.\r\n');
      await this.#reply(this.#timeLimits.finalMs);
      return;
    }
    progress.stage = 'content';
    await this.#content(message);
    progress.stage = 'final';
    const final = await this.#reply(this.#timeLimits.finalMs);
    const outcome = { ...this.#said(final), tellsFurther: this.#capabilities.dsn, promisesTime: this.#capabilities.deliverBySeconds !== undefined };
    for (const index of accepted) progress.outcomes[index] = outcome;
  }

  /** MAIL, every RCPT and DATA in one piece. True: the server waits for the content. */
  async #envelopeAtOnce(commands: readonly string[], progress: Progress): Promise<boolean> {
    const { commandMs, dataMs } = this.#timeLimits;
    this.#connection.writer.write(Buffer.from(`${commands.join('')}DATA\r\n`));
    const mail = await this.#reply(commandMs);
    if (!isPositive(mail)) this.#refuseAll(mail, progress);
    for (let index = 0; index < progress.outcomes.length; index++) this.#recipientReply(await this.#reply(commandMs), index, progress);
    const data = await this.#reply(dataMs);
    if (data.code === 354) return true;
    this.#refuseAll(data, progress);
    return false;
  }

  async #envelopeInTurn(commands: readonly string[], progress: Progress): Promise<boolean> {
    const { commandMs, dataMs } = this.#timeLimits;
    const [mailCommand = '', ...recipients] = commands;
    const mail = await this.#command(mailCommand, commandMs);
    if (!isPositive(mail)) {
      this.#refuseAll(mail, progress);
      return false;
    }
    for (const [index, line] of recipients.entries()) this.#recipientReply(await this.#command(line, commandMs), index, progress);
    if (progress.outcomes.every((outcome) => outcome !== undefined)) return false;
    const data = await this.#command('DATA\r\n', dataMs);
    if (data.code === 354) return true;
    this.#refuseAll(data, progress);
    return false;
  }

  #recipientReply(reply: Reply, index: number, progress: Progress): void {
    if (isPositive(reply) || progress.outcomes[index]) return;
    const outcome = this.#said(reply);
    // An old way to say "too many recipients" (RFC 5321 §4.5.3.1.10).
    progress.outcomes[index] = reply.code === 552 && reply.enhanced === undefined ? { ...outcome, kind: 'deferred', status: '4.5.3' } : outcome;
  }

  #refuseAll(reply: Reply, progress: Progress): void {
    const outcome = this.#said(reply);
    for (const [index, known] of progress.outcomes.entries()) progress.outcomes[index] = known ?? outcome;
  }

  async #content(message: OutboundMessage): Promise<void> {
    const { writer } = this.#connection;
    writer.timeoutMs = this.#timeLimits.blockMs;
    const stuffer = new DotStuffer();
    const beganAtMs = performance.now();
    const mustConvert = message.isEightBit && !this.#capabilities.eightBitMime;
    if (mustConvert) writer.write(stuffer.stuff(toSevenBit(await message.read(0, message.sizeBytes))));
    else {
      for (let at = 0; at < message.sizeBytes; at += PIECE) {
        if (performance.now() - beganAtMs > LONGEST_CONTENT_MS) throw new NetError('timeout', 'the server takes the message too slowly');
        const piece = await message.read(at, Math.min(PIECE, message.sizeBytes - at));
        writer.write(stuffer.stuff(Buffer.from(piece.buffer, piece.byteOffset, piece.length)));
        await writer.flush();
      }
    }
    // From here on the server may have the whole message; before, it must throw away what it has (RFC 5321 §4.1.1.4).
    writer.write(stuffer.end());
  }

  #mail(message: OutboundMessage): string {
    const { sizeLimit, eightBitMime, dsn, deliverBySeconds, mtPriority } = this.#capabilities;
    const { deliverBy } = message;
    let line = `MAIL FROM:<${message.sender}>`;
    if (sizeLimit !== undefined) line += ` SIZE=${message.sizeBytes}`;
    if (message.isEightBit && eightBitMime) line += ' BODY=8BITMIME';
    if (needsUtf8(message)) line += ' SMTPUTF8';
    if (dsn && message.ret !== undefined) line += ` RET=${message.ret}`;
    if (dsn && message.envelopeId !== undefined) line += ` ENVID=${encodeXtext(message.envelopeId)}`;
    if (deliverBySeconds !== undefined && deliverBy) line += ` BY=${deliverBy.seconds};${deliverBy.mode}${deliverBy.isTraced ? 'T' : ''}`;
    if (mtPriority && message.mtPriority !== undefined) line += ` MT-PRIORITY=${message.mtPriority}`;
    return `${line}\r\n`;
  }

  #rcpt(recipient: OutboundRecipient): string {
    let line = `RCPT TO:<${recipient.address}>`;
    if (this.#capabilities.dsn) {
      if (recipient.notify !== undefined) line += ` NOTIFY=${recipient.notify.join(',')}`;
      // Written out it may hold UTF-8 (RFC 6533 §3), which only SMTPUTF8 allows.
      const { originalRecipient } = recipient;
      if (originalRecipient !== undefined && (this.#capabilities.smtpUtf8 || ASCII.test(originalRecipient))) line += ` ORCPT=${originalRecipient}`;
    }
    return `${line}\r\n`;
  }

  async #command(line: string, timeoutMs: number): Promise<Reply> {
    this.#connection.writer.write(Buffer.from(line));
    return await this.#reply(timeoutMs);
  }

  async #reply(timeoutMs: number): Promise<Reply> {
    const reply = await readReply(this.#connection.reader, timeoutMs);
    this.#hasAnswered = true;
    // RFC 5321 §3.8: the server is about to close, whatever was asked.
    if (reply.code === 421) throw new ServiceClosing(reply);
    return reply;
  }

  /** The outcome that a reply means. */
  #said(reply: Reply): Outcome {
    const kind = isPositive(reply) ? 'delivered' : reply.code >= 500 ? 'failed' : 'deferred';
    // 3xx where 2xx was due: the conversation has gone wrong.
    const status = kind === 'deferred' && reply.code < 400 ? '4.5.0' : statusOf(reply);
    return { kind, status, reply: replyText(reply), host: this.#name };
  }

  #own(kind: 'deferred' | 'failed', status: string, reply: string): Outcome {
    return { kind, status, reply, host: undefined };
  }

  #brokenOff(error: unknown, stage: Stage): Outcome {
    if (error instanceof ServiceClosing) return { ...this.#said(error.reply), kind: 'deferred', isUnsure: false };
    const where = stage === 'envelope' ? 'before the message' : stage === 'content' ? 'within the message' : 'after the message, before its answer';
    const what = error instanceof NetError ? error.message : `the message could not be read: ${error instanceof Error ? error.message : String(error)}`;
    const status = error instanceof NetError ? '4.4.2' : '4.3.0';
    const isUntried = stage === 'envelope' && this.#messages > 1 && !this.#hasAnswered && error instanceof NetError && error.code === 'closed';
    return { ...this.#own('deferred', status, `The conversation with ${this.host} broke off ${where}: ${what}`), isUnsure: stage === 'final', isUntried };
  }
}

interface Progress {
  stage: Stage;
  readonly outcomes: Array<Outcome | undefined>;
}

class ServiceClosing extends Error {
  readonly reply: Reply;
  constructor(reply: Reply) {
    super(replyText(reply));
    this.reply = reply;
  }
}

function addressesOf({ sender, recipients }: OutboundMessage): readonly string[] {
  return [sender, ...recipients.map(({ address }) => address)];
}

function needsUtf8(message: OutboundMessage): boolean {
  return message.smtpUtf8 || !addressesOf(message).every((address) => ASCII.test(address));
}
