/** RETR: a whole message. RFC 1939 §5 */
import { NetError } from '#net/connection.ts';
import type { Command } from '../command.ts';
import type { OpenMessage } from '../read-ahead.ts';
import { PIECE_BYTES } from '../read-ahead.ts';
import type { Session } from '../session.ts';
import * as texts from '../texts.ts';
import { MessageWriter } from '../write-message.ts';
import { messageAt } from './message-number.ts';

export const retr: Command = {
  name: 'RETR',
  states: ['transaction'],
  async run(session, argument) {
    const { maildrop } = session;
    const index = messageAt(maildrop, argument);
    const message = await maildrop.reader.open(index);
    session.ok(texts.octets, String(maildrop.sizeOf(index)));
    const output = new MessageWriter(session.writer);
    output.write(message.prefix);
    if (message.body) output.write(message.body);
    else for await (const piece of pieces(session, message)) output.write(piece);
    output.end();
  },
};

/** A large body in pieces, at the client's pace. When its space is freed half-way, the connection ends without the final dot: what has come is no message. */
export async function* pieces(session: Session, message: OpenMessage): AsyncGenerator<Buffer> {
  const { store } = session.services;
  for (let start = 0; start < message.bodyBytes; start += PIECE_BYTES) {
    let piece: Buffer;
    try {
      piece = await store.readBlob(message.blob, start, Math.min(PIECE_BYTES, message.bodyBytes - start));
    } catch (error) {
      session.log.error('store.failed', error, { what: 'body' });
      throw new NetError('aborted', 'the body cannot be read to its end');
    }
    yield piece;
    await session.drain();
  }
}
