/** LIST: sizes as stored: of one message or of all that are not marked. RFC 1939 §5, §11 */
import type { Command } from '../command.ts';
import * as texts from '../texts.ts';
import { messageAt } from './message-number.ts';

export const list: Command = {
  name: 'LIST',
  states: ['transaction'],
  async run(session, argument) {
    const { maildrop } = session;
    if (argument !== '') {
      const index = messageAt(maildrop, argument);
      session.writer.write(`+OK ${index + 1} ${maildrop.sizeOf(index)}\r\n`);
      return;
    }
    session.ok(texts.messages, String(maildrop.count));
    await session.lines(maildrop.sizeLines());
  },
};
