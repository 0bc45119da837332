/**
 * AUTH: signs in. On submission only, and only over TLS; port 25 does not know the command.
 *
 * RFC 4954 §4, §6 · RFC 4422
 *
 * What is not base64 counts as a refused sign-in and is answered like one: 535, not 501, so that guessing costs the same in every form.
 */
import { Refusal } from '#delivery/delivery.ts';
import { SignInRefused } from '#directory/directory.ts';
import { SASL_LINE_LIMIT } from '#sasl/base64.ts';
import { authenticate, findMechanism, SaslCancelled } from '#sasl/exchange.ts';
import type { Command } from '../command.ts';
import type { Session } from '../session.ts';

export const auth: Command = { verb: 'AUTH', syntax: 'AUTH mechanism [initial-response]', needs: 'tls', run };

async function run(session: Session, argument: string): Promise<void> {
  if (session.role !== 'submission') throw new Refusal(502, '5.5.1', 'AUTH is not available here');
  if (session.helo === '') throw new Refusal(503, '5.5.1', 'Say EHLO first');
  if (session.identity !== undefined) throw new Refusal(503, '5.5.1', 'Already signed in');
  const match = /^([A-Za-z0-9_-]{1,20})(?: ([^ ]+))?$/.exec(argument);
  if (match === null) throw new Refusal(501, '5.5.4', 'Syntax: AUTH mechanism [initial-response]');
  const { connection, services } = session;
  const mechanism = findMechanism(match[1] ?? '', connection.tls);
  if (mechanism === undefined) throw new Refusal(504, '5.5.4', 'Mechanism is not supported');
  const context = {
    directory: services.directory,
    listener: connection.listener,
    remoteAddress: connection.remote.address,
    connectionId: connection.id,
    tls: connection.tls,
  };
  try {
    session.identity = await authenticate({ mechanism, context, initialResponse: match[2], ask: (challenge) => ask(session, challenge) });
  } catch (error) {
    throw refusalOf(session, error);
  }
  connection.reader.timeoutMs = services.settings.timeoutMs;
  connection.reader.unitTimeoutMs = services.settings.timeoutMs;
  session.reply(235, '2.7.0', 'Authentication successful');
}

async function ask(session: Session, challenge: string): Promise<string> {
  session.reply(334, undefined, challenge);
  return (await session.waitForLine(SASL_LINE_LIMIT)).toString('latin1');
}

function refusalOf(session: Session, error: unknown): unknown {
  if (error instanceof SaslCancelled) return new Refusal(501, '5.7.0', 'Authentication cancelled');
  if (!(error instanceof SignInRefused)) return error;
  session.signInFailures++;
  if (session.signInFailures < session.services.settings.maxSignInFailures) return new Refusal(535, '5.7.8', error.message, error.cause_);
  session.reply(535, '5.7.8', error.message);
  return new Refusal(421, '4.7.0', 'Too many refused sign-ins', error.cause_);
}
