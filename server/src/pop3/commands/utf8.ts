/** UTF8: the client understands UTF-8 in headers. It always gets messages as they are stored (docs/pop3.md), so this changes nothing. RFC 6856 §2 */
import type { Command } from '../command.ts';
import * as texts from '../texts.ts';
import { refuseArgument } from './message-number.ts';

export const utf8: Command = {
  name: 'UTF8',
  states: ['authorization'],
  run(session, argument) {
    refuseArgument(argument);
    session.ok(texts.utf8On);
  },
};
