/** STATUS: RFC 9051 §6.3.11. */
import { DomainError } from '#core/errors.ts';
import type { Command } from '../command.ts';
import { parseStatusItems, type StatusItem, statusLine } from '../mailbox-status.ts';
import { mailboxNamed } from '../mailboxes.ts';

interface StatusArgs {
  readonly name: string;
  readonly items: readonly StatusItem[];
}

export const status: Command<StatusArgs> = {
  name: 'STATUS',
  states: ['authenticated', 'selected'],
  parse: (cursor) => {
    cursor.space();
    const name = cursor.mailbox();
    cursor.space();
    const items = parseStatusItems(cursor);
    cursor.end();
    return { name, items };
  },
  run: async (session, { name, items }) => {
    const row = await mailboxNamed(session, name);
    if (!row.isSelectable) throw new DomainError('mailbox-not-selectable', 'This name holds other mailboxes and no messages');
    session.untagged(await statusLine(session, row, items));
  },
};
