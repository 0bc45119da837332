/**
 * CAPA: what this server can do here and now. USER and SASL are shown only with TLS, STLS only without.
 * RFC 2449 §5, §6 · RFC 2595 §4 · RFC 3206 §4 · RFC 5034 §3 · RFC 6856 §2, §3
 */
import { offeredMechanisms } from '#sasl/exchange.ts';
import type { Command } from '../command.ts';
import type { Session } from '../session.ts';
import * as texts from '../texts.ts';
import { refuseArgument } from './message-number.ts';

export const capa: Command = {
  name: 'CAPA',
  states: ['authorization', 'transaction'],
  async run(session, argument) {
    refuseArgument(argument);
    session.ok(texts.capabilities);
    await session.lines(capabilities(session));
  },
};

function* capabilities({ connection, services, state }: Session): Iterable<string> {
  yield 'TOP';
  yield 'UIDL';
  yield 'PIPELINING';
  yield 'RESP-CODES';
  yield 'AUTH-RESP-CODE';
  yield 'EXPIRE NEVER';
  if (services.settings.loginDelaySeconds > 0) yield `LOGIN-DELAY ${services.settings.loginDelaySeconds}`;
  yield 'UTF8 USER';
  yield 'LANG';
  if (connection.tls === undefined) yield 'STLS';
  else {
    yield 'USER';
    yield `SASL ${offeredMechanisms(connection.tls, services.directory)
      .map(({ name }) => name)
      .join(' ')}`;
  }
  yield state === 'transaction' ? `IMPLEMENTATION Capri-${services.settings.version}` : 'IMPLEMENTATION Capri';
}
