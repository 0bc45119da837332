/** TOP: the header, the empty line, and the first lines of the body. RFC 1939 §7 */
import type { Command } from '../command.ts';
import { Pop3Error } from '../errors.ts';
import * as texts from '../texts.ts';
import { linesEnd, MessageWriter } from '../write-message.ts';
import { messageAt, parseNumber } from './message-number.ts';
import { pieces } from './retr.ts';

export const top: Command = {
  name: 'TOP',
  states: ['transaction'],
  async run(session, argument) {
    const [number = '', count = '', ...rest] = argument.split(' ');
    if (rest.length > 0) throw new Pop3Error(texts.badArgument, { isBad: true });
    let missing = parseNumber(count);
    const message = await session.maildrop.reader.open(messageAt(session.maildrop, number));
    session.ok(texts.topFollows);
    const output = new MessageWriter(session.writer);
    output.write(message.prefix);
    let headerLeft = message.headerBytes;
    const writePart = (bytes: Buffer): void => {
      const start = Math.min(headerLeft, bytes.length);
      headerLeft -= start;
      const part = linesEnd(bytes, start, missing);
      missing = part.missing;
      output.write(bytes.subarray(0, part.end));
    };
    if (message.body) writePart(message.body);
    else {
      for await (const piece of pieces(session, message)) {
        writePart(piece);
        if (headerLeft === 0 && missing === 0) break;
      }
    }
    output.end();
  },
};
