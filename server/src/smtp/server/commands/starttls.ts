/**
 * STARTTLS. RFC 3207 §4, §4.2
 *
 * Octets that have come behind the command were sent in the clear by someone: they are neither run nor handed to TLS, and since they cannot be told from a
 * conversation somebody else has begun, this one ends.
 */
import { Refusal } from '#delivery/delivery.ts';
import type { Command } from '../command.ts';
import type { Session } from '../session.ts';

export const starttls: Command = { verb: 'STARTTLS', syntax: 'STARTTLS', needs: 'nothing', run };

async function run(session: Session, argument: string): Promise<void> {
  const { connection } = session;
  if (session.role === 'lmtp') throw new Refusal(502, '5.5.1', 'STARTTLS is not available here');
  if (argument !== '') throw new Refusal(501, '5.5.4', 'STARTTLS takes no arguments');
  if (connection.tls !== undefined) throw new Refusal(503, '5.5.1', 'TLS is active already');
  if (connection.reader.bufferedBytes > 0) {
    session.isOver = true;
    throw new Refusal(554, '5.5.1', 'Nothing may follow STARTTLS before TLS begins', 'octets behind STARTTLS');
  }
  session.reply(220, '2.0.0', 'Ready to start TLS');
  await session.forgetEverything();
  await connection.startTls();
}
