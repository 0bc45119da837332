/** HELP: which commands there are. RFC 5321 §4.1.1.8 */
import type { Command } from '../command.ts';

/** Made of the list it stands in. */
export function helpFor(commands: readonly Command[]): Command {
  const help: Command = {
    verb: 'HELP',
    syntax: 'HELP',
    needs: 'nothing',
    run(session) {
      session.reply(214, '2.0.0', ['Commands:', ...[...commands, help].map((command) => command.syntax).filter((syntax) => syntax !== ''), 'RFC 5321']);
    },
  };
  return help;
}
