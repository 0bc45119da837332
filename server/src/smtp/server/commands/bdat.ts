/**
 * BDAT: the message in chunks of counted octets.
 *
 * RFC 3030 §2 · §4.2 (what BDAT may follow)
 *
 * The octets follow the command without waiting for a reply, so they are read off the line whether the command is good or not.
 */
import { NetError } from '#net/connection.ts';
import { Refusal } from '#delivery/delivery.ts';
import { ChunkChecker } from '../../wire/chunk-checker.ts';
import { accessRefusal } from '../access.ts';
import type { Command } from '../command.ts';
import { DRAIN_LIMIT, faultRefusal, finishMessage, refuseMessage } from '../receive.ts';
import type { ChunkedBody, Session, Transaction } from '../session.ts';

export const bdat: Command = { verb: 'BDAT', syntax: 'BDAT size [LAST]', needs: 'nothing', run };

const PIECE = 64 * 1024;
const CRLF = Buffer.from('\r\n');

async function run(session: Session, argument: string): Promise<void> {
  const match = /^([0-9]{1,15})(?: +(LAST))?$/i.exec(argument);
  if (match === null) {
    // How many octets follow cannot be known, so nothing that follows can be run.
    session.isOver = true;
    throw new Refusal(501, '5.5.4', 'Syntax: BDAT size [LAST]');
  }
  const size = Number(match[1]);
  const isLast = match[2] !== undefined;
  const refusal = accessRefusal(session, 'sign-in') ?? stateRefusal(session);
  const { transaction } = session;
  const untilMs = performance.now() + session.services.settings.messageTimeoutMs;
  if (refusal !== undefined || transaction === undefined) {
    await drain(session, size, untilMs);
    throw refusal ?? new Refusal(503, '5.5.1', 'Say MAIL first');
  }
  const body = (transaction.chunked ??= { sink: transaction.envelope.open(), checker: new ChunkChecker(), untilMs });
  const lost = await readChunk(session, body, size, isLast);
  if (lost !== undefined) refuseMessage(session, transaction, lost);
  else if (isLast) await finish(session, transaction, body);
  else {
    session.countProgress();
    session.reply(250, '2.0.0', `${size} octets received`);
  }
}

function stateRefusal(session: Session): Refusal | undefined {
  const { transaction } = session;
  if (transaction === undefined) return new Refusal(503, '5.5.1', 'Say MAIL first');
  if (transaction.envelope.recipientCount === 0) return new Refusal(session.role === 'lmtp' ? 503 : 554, '5.5.1', 'No valid recipients');
  return undefined;
}

/** Reads one chunk into the sink. Returns why the message is lost, if it is; the sink has then been given up and the chunk read to its end. */
async function readChunk(session: Session, body: ChunkedBody, size: number, isLast: boolean): Promise<unknown> {
  const { reader } = session.connection;
  let left = size;
  for (;;) {
    if (performance.now() > body.untilMs) throw new NetError('timeout');
    if (left === 0) break;
    const bytes = await reader.readSome(Math.min(left, PIECE));
    left -= bytes.length;
    try {
      body.checker.check(bytes);
      if (body.checker.fault !== undefined) throw faultRefusal(body.checker.fault);
      await body.sink.write(bytes);
    } catch (error) {
      await body.sink.abort();
      await drain(session, left, body.untilMs);
      return error;
    }
  }
  if (!isLast) return undefined;
  body.checker.finish();
  if (body.checker.fault === undefined) return undefined;
  await body.sink.abort();
  return faultRefusal(body.checker.fault);
}

async function finish(session: Session, transaction: Transaction, body: ChunkedBody): Promise<void> {
  // What is handed on with DATA, or exported to a file, ends with a whole line; so it is one from the beginning.
  if (!body.checker.endsWithLine) {
    try {
      await body.sink.write(CRLF);
    } catch (error) {
      await body.sink.abort();
      refuseMessage(session, transaction, error);
      return;
    }
  }
  await finishMessage(session, transaction, body.sink);
}

/** Reads octets that nobody wants. Throws Refusal 421 when there are too many to wait for, NetError `timeout` when they take too long. */
async function drain(session: Session, size: number, untilMs: number): Promise<void> {
  if (size > DRAIN_LIMIT) throw new Refusal(421, '4.3.4', 'Chunk is too large', `a refused chunk of ${size} octets`);
  let left = size;
  while (left > 0) {
    left -= (await session.connection.reader.readSome(Math.min(left, PIECE))).length;
    if (performance.now() > untilMs) throw new NetError('timeout');
  }
}
