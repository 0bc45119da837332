/**
 * Collecting commands from the line: text with its literals, within limits; and the literals that are left on the line for the command itself (APPEND).
 *
 * A synchronizing literal that is refused is simply not asked for. The octets of a refused non-synchronizing one are on their way: they are read and dropped,
 * up to a bound; beyond it the connection ends (RFC 7888 §4).
 *
 * RFC 9051 §2.2.1, §4.3 · RFC 7888
 */
import { ImapError } from './command.ts';
import type { Session } from './session.ts';
import { Cursor } from './wire/cursor.ts';
import { type LiteralHeader, literalAtEnd, type Piece } from './wire/literal.ts';

/** Octets of a line, of one literal, and of a whole command. */
interface Limits {
  readonly lineBytes: number;
  readonly literalBytes: number;
  readonly commandBytes: number;
}

/** Before sign-in the longest command is ID: 30 fields of 30 and 1,024 octets (RFC 2971 §3.3). */
const NOBODY: Limits = { lineBytes: 36 * 1024, literalBytes: 4 * 1024, commandBytes: 40 * 1024 };
const SIGNED_IN: Limits = { lineBytes: 128 * 1024, literalBytes: 128 * 1024, commandBytes: 256 * 1024 };
/** Literals of one command. */
const MOST_LITERALS = 1000;
/** Of messages in a refused APPEND. */
const DISCARD_BYTES = 64 * 2 ** 20;
const CHUNK_BYTES = 64 * 1024;
const NOTHING = Buffer.alloc(0);

type StreamsLiteral = (cursor: Cursor) => boolean;

export class CommandReader {
  readonly #session: Session;
  #streams: StreamsLiteral | undefined;
  /** The announcement of a literal that has not been accepted yet. */
  #announced: LiteralHeader | undefined;
  /** Octets of an accepted literal still to come. */
  #remaining = 0;
  /** Whether the line ended in a literal that was left on it, so that the command goes on behind it. */
  #isOpen = false;

  constructor(session: Session) {
    this.#session = session;
  }

  /** Limits before and after sign-in. */
  get limits(): Limits {
    return this.#session.identity === undefined ? NOBODY : SIGNED_IN;
  }

  /** The first line of the next command; its memory may be overwritten by the next read. Throws NetError. */
  async firstLine(): Promise<Buffer> {
    const { reader } = this.#session;
    return reader.readLineNow(this.limits.lineBytes) ?? (await reader.readLine(this.limits.lineBytes));
  }

  /**
   * The whole command that begins with `line` (from octet `start`): asks for its literals and reads them. A literal for which `streams` says yes stays on
   * the line as the cursor's last piece. Throws ImapError for one that is too large: BAD where it was not asked for, else BYE.
   */
  async collect(line: Buffer, start: number, streams?: StreamsLiteral): Promise<Cursor> {
    const { session, limits } = { session: this.#session, limits: this.limits };
    this.#streams = streams;
    const pieces: Piece[] = [];
    let total = 0;
    for (let text = line.subarray(start); ; ) {
      const literal = literalAtEnd(text);
      total += text.length;
      if (literal === undefined) {
        if (total > limits.commandBytes) throw new ImapError('BAD', 'The command is too long');
        pieces.push(text.toString('latin1'));
        return new Cursor(pieces, session);
      }
      const { header, textLength } = literal;
      pieces.push(text.toString('latin1', 0, textLength));
      if (streams !== undefined && isStreamed(streams, new Cursor([...pieces, header], session))) {
        this.#announced = header;
        this.#isOpen = true;
        pieces.push(header);
        return new Cursor(pieces, session);
      }
      total += header.sizeBytes;
      if (header.sizeBytes > limits.literalBytes || total > limits.commandBytes || pieces.length > 2 * MOST_LITERALS) {
        throw new ImapError(header.isSynchronizing ? 'BAD' : 'BYE', 'The literal is too large', 'TOOBIG');
      }
      if (header.isSynchronizing) await this.#goAhead();
      pieces.push({ bytes: header.sizeBytes === 0 ? NOTHING : await session.reader.readExactly(header.sizeBytes), isBinary: header.isBinary });
      text = await session.reader.readLine(limits.lineBytes);
    }
  }

  /** Lets the client send the literal that is on the line (once a command has made sure that it wants it). */
  async acceptLiteral(): Promise<void> {
    const header = this.#announced;
    if (header === undefined) return;
    this.#announced = undefined;
    this.#remaining = header.sizeBytes;
    if (header.isSynchronizing) await this.#goAhead();
  }

  /** The next octets of the accepted literal, at most `maxBytes`, valid until the next read; none at its end. */
  async readLiteral(maxBytes: number = CHUNK_BYTES): Promise<Buffer> {
    if (this.#remaining === 0) return NOTHING;
    const chunk = await this.#session.reader.readSome(Math.min(maxBytes, this.#remaining));
    this.#remaining -= chunk.length;
    return chunk;
  }

  /** What stands behind the literal that was read: the rest of the command, with its literals, up to the next one that stays on the line: one for which `streams` says yes. */
  async continueCommand(streams: StreamsLiteral | undefined = this.#streams): Promise<Cursor> {
    const { reader } = this.#session;
    this.#isOpen = false;
    return this.collect(await reader.readLine(this.limits.lineBytes), 0, streams);
  }

  /** Drops what was not read of the command: called after every command. Throws ImapError BYE when that is too much. */
  async discardRest(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const header = this.#announced;
    this.#announced = undefined;
    if (header?.isSynchronizing) return;
    await this.#drop(header?.sizeBytes ?? this.#remaining);
    this.#remaining = 0;
    await this.discard(await this.#session.reader.readLine(this.limits.lineBytes), DISCARD_BYTES);
  }

  /** Drops the literals that follow a line of a command that is refused whatever they are. */
  async discard(line: Buffer, limitBytes: number = this.limits.commandBytes): Promise<void> {
    let left = limitBytes;
    for (let literal = literalAtEnd(line); literal !== undefined && !literal.header.isSynchronizing; ) {
      left -= literal.header.sizeBytes;
      if (left < 0) throw new ImapError('BYE', 'The literal is too large', 'TOOBIG');
      await this.#drop(literal.header.sizeBytes);
      literal = literalAtEnd(await this.#session.reader.readLine(this.limits.lineBytes));
    }
  }

  async #drop(sizeBytes: number): Promise<void> {
    if (sizeBytes > DISCARD_BYTES) throw new ImapError('BYE', 'The literal is too large', 'TOOBIG');
    for (let left = sizeBytes; left > 0; ) left -= (await this.#session.reader.readSome(Math.min(left, CHUNK_BYTES))).length;
  }

  async #goAhead(): Promise<void> {
    this.#session.writer.write('+ Ready\r\n');
    await this.#session.writer.flush();
  }
}

/** A command that is wrong before its literal has none that could be left on the line; parse will say what is wrong. */
function isStreamed(streams: StreamsLiteral, cursor: Cursor): boolean {
  try {
    return streams(cursor);
  } catch (error) {
    if (error instanceof ImapError) return false;
    throw error;
  }
}
