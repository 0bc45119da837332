/** STLS: TLS on the plain port. What came in the same packet is refused, never run. RFC 2595 §4 */
import type { Command } from '../command.ts';
import { Pop3Error } from '../errors.ts';
import * as texts from '../texts.ts';
import { refuseArgument } from './message-number.ts';

export const stls: Command = {
  name: 'STLS',
  states: ['authorization'],
  async run(session, argument) {
    refuseArgument(argument);
    const { connection } = session;
    if (connection.tls) throw new Pop3Error(texts.tlsActive, { isBad: true });
    if (connection.reader.bufferedBytes > 0) {
      // Whoever put it there is not the client: nothing more of this line can be trusted.
      session.refuse(new Pop3Error(texts.pipelinedTls));
      session.state = 'closed';
      return;
    }
    session.ok(texts.startTls);
    await connection.startTls();
    session.userName = undefined;
  },
};
