/** AUTHENTICATE with SASL, also with an initial response. RFC 9051 §6.2.2 · RFC 4959 (SASL-IR) · RFC 4422 §3 */
import { SignInRefused } from '#directory/directory.ts';
import { authenticate as runExchange, SaslCancelled } from '#sasl/exchange.ts';
import { type Command, ImapError } from '../command.ts';
import type { Session } from '../session.ts';
import { requireTls, signedIn } from '../sign-in.ts';

interface AuthenticateArgs {
  readonly mechanism: string;
  /** Base64, or `=`. */
  readonly initialResponse: string | undefined;
}

const LONGEST_RESPONSE = 8 * 1024;

export const authenticate: Command<AuthenticateArgs> = {
  name: 'AUTHENTICATE',
  states: ['not-authenticated'],
  parse: (cursor) => {
    cursor.space();
    const mechanism = cursor.word();
    const initialResponse = cursor.skip(' ') && !cursor.isAtEnd ? cursor.atom() : undefined;
    cursor.end();
    return { mechanism, initialResponse };
  },
  run: async (session, args) => {
    const context = { ...requireTls(session), directory: session.services.directory, tls: session.connection.tls };
    const mechanism = session.services.mechanisms.find(({ name }) => name === args.mechanism);
    if (mechanism === undefined || !mechanism.isOffered(context.tls)) throw new ImapError('NO', 'This mechanism is not offered', 'CANNOT');
    try {
      const ask = (challenge: string): Promise<string> => askClient(session, challenge);
      return signedIn(session, await runExchange({ mechanism, context, initialResponse: args.initialResponse, ask }));
    } catch (error) {
      if (error instanceof SaslCancelled) throw new ImapError('BAD', 'Sign-in was cancelled');
      // RFC 9051 §6.2.2: what is not base64 is a syntax error, whatever else it says.
      if (error instanceof SignInRefused && error.cause_ === 'malformed') throw new ImapError('BAD', 'Not a proper response');
      throw error;
    }
  },
};

async function askClient(session: Session, challenge: string): Promise<string> {
  session.writer.write(`+ ${challenge}\r\n`);
  await session.writer.flush();
  return (await session.reader.readLine(LONGEST_RESPONSE)).toString('latin1');
}
