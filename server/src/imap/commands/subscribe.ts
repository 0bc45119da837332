/** SUBSCRIBE and UNSUBSCRIBE: of names, whether or not there is a mailbox. RFC 9051 §6.3.7, §6.3.8 */
import { mailboxName } from '#store/mailbox-name.ts';
import { subscribe as subscribeMutation } from '#store/subscribe.ts';
import type { Command } from '../command.ts';
import { parseMailbox } from '../mailboxes.ts';

export const subscribe: Command<string> = subscribing('SUBSCRIBE', true);
export const unsubscribe: Command<string> = subscribing('UNSUBSCRIBE', false);

function subscribing(name: string, isSubscribed: boolean): Command<string> {
  return {
    name,
    states: ['authenticated', 'selected'],
    parse: parseMailbox,
    run: async (session, mailbox) => {
      const { account, services } = session;
      await session.store.commit(subscribeMutation, { account, name: mailboxName(mailbox), isSubscribed, nowMs: services.clock.nowMs() });
    },
  };
}
