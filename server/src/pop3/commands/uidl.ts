/** UIDL: ids that never change and are never used again, so that a client that leaves mail on the server knows what it has. RFC 1939 §7 */
import type { Command } from '../command.ts';
import * as texts from '../texts.ts';
import { messageAt } from './message-number.ts';

export const uidl: Command = {
  name: 'UIDL',
  states: ['transaction'],
  async run(session, argument) {
    const { maildrop } = session;
    if (argument !== '') {
      const index = messageAt(maildrop, argument);
      session.writer.write(`+OK ${index + 1} ${maildrop.uidlOf(index)}\r\n`);
      return;
    }
    const lines = maildrop.uidlLines();
    session.ok(texts.listing);
    await session.lines(lines);
  },
};
