/**
 * STARTTLS: RFC 9051 §6.2.1, §11.1. Octets that came behind the command in the clear would be run as if they had come through TLS: the connection ends instead.
 */
import { type Command, ImapError } from '../command.ts';

export const startTls: Command<void> = {
  name: 'STARTTLS',
  states: ['not-authenticated'],
  parse: (cursor) => {
    cursor.end();
  },
  run: async ({ connection }) => {
    if (connection.tls !== undefined) throw new ImapError('BAD', 'TLS is on already');
    if (connection.listener !== 'imap') throw new ImapError('BAD', 'TLS is not available here');
    if (connection.reader.bufferedBytes > 0) throw new ImapError('BYE', 'Nothing may follow STARTTLS before TLS is on');
    return { text: 'Begin TLS now', afterwards: () => connection.startTls() };
  },
};
