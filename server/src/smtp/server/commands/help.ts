/** HELP: which commands there are. RFC 5321 §4.1.1.8 */
import type { Command } from '../command.ts';
import type { Session } from '../session.ts';

/** Made of the list it stands in: of those that work on this connection. */
export function helpFor(commands: readonly Command[]): Command {
  const help: Command = {
    verb: 'HELP',
    syntax: 'HELP',
    needs: 'nothing',
    run(session) {
      const known = [...commands, help].filter(({ verb, syntax }) => syntax !== '' && isKnown(verb, session));
      session.reply(214, '2.0.0', ['Commands:', ...known.map(({ syntax }) => syntax), 'RFC 5321']);
    },
  };
  return help;
}

function isKnown(verb: string, { role, connection }: Session): boolean {
  if (verb === 'AUTH') return role === 'submission';
  if (verb === 'LHLO') return role === 'lmtp';
  if (verb === 'HELO' || verb === 'EHLO') return role !== 'lmtp';
  return verb !== 'STARTTLS' || (role !== 'lmtp' && connection.tls === undefined);
}
