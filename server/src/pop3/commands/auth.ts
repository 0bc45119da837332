/** AUTH: SASL. Without an argument it lists the mechanisms, as some clients expect. RFC 5034 §4, §6 */
import { NetError } from '#net/connection.ts';
import { SASL_LINE_LIMIT } from '#sasl/base64.ts';
import { authenticate, findMechanism, offeredMechanisms } from '#sasl/exchange.ts';
import type { Command } from '../command.ts';
import { Pop3Error } from '../errors.ts';
import type { Session } from '../session.ts';
import { signIn } from '../sign-in.ts';
import * as texts from '../texts.ts';

export const auth: Command = {
  name: 'AUTH',
  states: ['authorization'],
  async run(session, argument) {
    const context = session.requireTls();
    const { tls } = session.connection;
    if (argument === '') {
      session.ok(texts.mechanisms);
      return session.lines(offeredMechanisms(tls, session.services.directory).map(({ name }) => name));
    }
    const [name = '', initialResponse, ...rest] = argument.split(' ');
    const mechanism = findMechanism(name, tls);
    if (mechanism === undefined) throw new Pop3Error(texts.unknownMechanism, { isBad: true });
    if (rest.length > 0 || initialResponse === '') throw new Pop3Error(texts.badArgument, { isBad: true });
    const { directory } = session.services;
    const ask = (challenge: string): Promise<string> => askClient(session, challenge);
    await signIn(session, () => authenticate({ mechanism, context: { ...context, directory, tls }, initialResponse, ask }));
  },
};

async function askClient(session: Session, challenge: string): Promise<string> {
  session.writer.write(`+ ${challenge}\r\n`);
  try {
    return (await session.connection.reader.readLine(SASL_LINE_LIMIT)).toString('latin1');
  } catch (error) {
    if (error instanceof NetError && error.code === 'line-too-long') throw new Pop3Error(texts.lineTooLong, { isBad: true });
    throw error;
  }
}
