/**
 * QUIT: removes what is marked, durably before +OK, and ends the conversation. Without QUIT nothing is removed.
 *
 * RFC 1939 §5, §6 · RFC 3206 (SYS/TEMP)
 */
import { formatRanges, rangesOf } from '#store/uid-set.ts';
import { type Actor, expungeBy } from '#trail/mail-changes.ts';
import type { Command } from '../command.ts';
import { Pop3Error } from '../errors.ts';
import type { Session } from '../session.ts';
import * as texts from '../texts.ts';
import { refuseArgument } from './message-number.ts';

/** Messages that one mutation of the store takes. */
const SLICE = 1000;

export const quit: Command = {
  name: 'QUIT',
  states: ['authorization', 'transaction'],
  async run(session, argument) {
    refuseArgument(argument);
    const removed = session.state === 'transaction' ? await removeMarked(session) : 0;
    session.ok(removed > 0 ? texts.byeRemoved : texts.bye);
    session.state = 'closed';
  },
};

async function removeMarked(session: Session): Promise<number> {
  const { store, clock } = session.services;
  const { mailbox } = session.maildrop;
  const uids = session.maildrop.markedUids();
  if (session.identity === undefined || uids.length === 0) return 0;
  const { account, login } = session.identity;
  const actor: Actor = { account, login, door: 'pop3', address: session.connection.remote.address };
  const slices: string[] = [];
  for (let start = 0; start < uids.length; start += SLICE) slices.push(formatRanges(rangesOf(uids.slice(start, start + SLICE))));
  try {
    // Asked for together, they are made together: up to 1,000 messages in one mutation, more in as many as it takes, in one group of the writer.
    await Promise.all(
      slices.map((slice) => store.commit(expungeBy, { account, mailbox, uids: slice, onlyDeleted: false, nowMs: clock.nowMs(), actor, name: 'INBOX' })),
    );
  } catch (error) {
    session.log.error('store.failed', error, { what: 'QUIT' });
    session.state = 'closed';
    throw new Pop3Error(texts.notRemoved, { code: 'SYS/TEMP' });
  }
  session.log.info('pop3.quit', { removed: uids.length });
  return uids.length;
}
