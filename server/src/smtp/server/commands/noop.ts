/** NOOP: does nothing; its argument is ignored. RFC 5321 §4.1.1.9 */
import type { Command } from '../command.ts';

export const noop: Command = {
  verb: 'NOOP',
  syntax: 'NOOP',
  needs: 'nothing',
  run(session) {
    session.reply(250, '2.0.0', 'Ok');
  },
};
