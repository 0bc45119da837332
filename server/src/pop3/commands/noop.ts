/** NOOP. RFC 1939 §5 */
import type { Command } from '../command.ts';
import * as texts from '../texts.ts';
import { refuseArgument } from './message-number.ts';

export const noop: Command = {
  name: 'NOOP',
  states: ['transaction'],
  run(session, argument) {
    refuseArgument(argument);
    session.ok(texts.nothing);
  },
};
