/**
 * DATA: the message, up to CR LF . CR LF.
 *
 * RFC 5321 §4.1.1.4, §3.3, §4.5.3.2 (time-outs) · RFC 2920 §3.1 (DATA without a recipient)
 *
 * Whatever is wrong with a message, it is read to its true end before it is refused, so that no part of it is taken for commands. A client that ended it with a bare
 * LF would wait for a reply for ever: once the message is lost, only a short silence is waited for.
 */
import { NetError } from '#net/connection.ts';
import { type MessageSink, Refusal } from '#delivery/delivery.ts';
import { DataDecoder } from '../../wire/data-decoder.ts';
import type { Command } from '../command.ts';
import { DRAIN_LIMIT, faultRefusal, finishMessage, refuseMessage } from '../receive.ts';
import type { Session, Transaction } from '../session.ts';

export const data: Command = { verb: 'DATA', syntax: 'DATA', needs: 'sign-in', run };

const PIECE = 64 * 1024;
const REFUSED_TIMEOUT_MS = 15_000;

async function run(session: Session, argument: string): Promise<void> {
  if (argument !== '') throw new Refusal(501, '5.5.4', 'DATA takes no arguments');
  const { transaction } = session;
  if (transaction === undefined) throw new Refusal(503, '5.5.1', 'Say MAIL first');
  if (transaction.chunked !== undefined) throw new Refusal(503, '5.5.1', 'The message is coming in chunks: use BDAT');
  if (transaction.envelope.recipientCount === 0) throw new Refusal(session.role === 'lmtp' ? 503 : 554, '5.5.1', 'No valid recipients');

  const sink = transaction.envelope.open();
  const { reader } = session.connection;
  const { timeoutMs } = reader;
  session.reply(354, undefined, 'End data with <CR><LF>.<CR><LF>');
  try {
    const refusal = await readMessage(session, sink);
    if (refusal === undefined) await finishMessage(session, transaction, sink);
    else refuseData(session, transaction, refusal);
  } catch (error) {
    session.transaction = undefined;
    await sink.abort();
    throw error;
  } finally {
    reader.timeoutMs = timeoutMs;
  }
}

/** Something that is no refusal, thrown while the message came in. */
type Lost = { readonly error: unknown; readonly isEndMissing: boolean };

/** Reads the message into the sink up to its end. Returns why it is lost, if it is; the sink has then been given up. Throws what ends the conversation. */
async function readMessage(session: Session, sink: MessageSink): Promise<Lost | undefined> {
  const { reader } = session.connection;
  const decoder = new DataDecoder();
  const untilMs = performance.now() + session.services.settings.messageTimeoutMs;
  let lost: unknown;
  let drained = 0;
  for (;;) {
    let chunk: Buffer;
    try {
      chunk = await reader.readSome(PIECE);
    } catch (error) {
      if (lost !== undefined && error instanceof NetError && error.code === 'timeout') return { error: lost, isEndMissing: true };
      throw error;
    }
    const { output, consumed, isEnd } = decoder.decode(chunk);
    if (lost === undefined) {
      try {
        if (decoder.fault !== undefined) throw faultRefusal(decoder.fault);
        if (output.length > 0) await sink.write(output);
      } catch (error) {
        lost = error;
        reader.timeoutMs = Math.min(reader.timeoutMs, REFUSED_TIMEOUT_MS);
        await sink.abort();
      }
    } else drained += chunk.length;
    if (isEnd) {
      if (consumed < chunk.length) reader.unread(chunk.subarray(consumed));
      return lost === undefined ? undefined : { error: lost, isEndMissing: false };
    }
    if (drained > DRAIN_LIMIT) return { error: lost, isEndMissing: true };
    if (performance.now() > untilMs) throw new NetError('timeout');
  }
}

function refuseData(session: Session, transaction: Transaction, lost: Lost): void {
  refuseMessage(session, transaction, lost.error);
  // Where the end did not come, nothing that follows can be told from the message.
  if (lost.isEndMissing) session.isOver = true;
}
