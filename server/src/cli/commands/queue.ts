import type { QueueChange, ShownQueued } from '#admin/queue.ts';
import { callOperation, report } from '../call.ts';
import { type Command, type Invocation, usageError } from '../command.ts';
import { formatSize, formatTable } from '../table.ts';

export const queueCommands: readonly Command[] = [
  {
    name: 'queue list',
    about: 'Show mail that waits to be sent to other servers',
    operands: [],
    options: {},
    async run(invocation) {
      report(invocation, await callOperation<readonly ShownQueued[]>(invocation, 'queue.list', {}), (queued) =>
        queued.length === 0
          ? 'The queue is empty.\n'
          : formatTable(
              ['ID', 'QUEUED', 'SIZE', 'FROM', 'TO', 'STATE', 'ATTEMPTS', 'LAST REPLY'],
              queued.flatMap(({ id, queuedAt, sizeBytes, sender, recipients }) =>
                recipients.map(({ address, state, attempts, lastReply }) => [
                  id,
                  shortTime(queuedAt),
                  formatSize(sizeBytes),
                  `<${sender}>`,
                  address,
                  state,
                  String(attempts),
                  shortReply(lastReply),
                ]),
              ),
            ),
      );
    },
  },
  {
    name: 'queue show',
    about: 'Show one message in the queue',
    operands: ['ID'],
    options: {},
    async run(invocation) {
      report(invocation, await callOperation<ShownQueued>(invocation, 'queue.show', { id: invocation.operands[0] }), queuedText);
    },
  },
  change('retry', 'Try messages at once', 'will be tried at once'),
  change('hold', 'Keep messages from being tried until they are released', 'held'),
  change('release', 'Let held messages be tried again', 'released'),
  change('drop', 'Remove messages from the queue; their senders are not told', 'dropped'),
];

function change(verb: string, about: string, done: string): Command {
  return {
    name: `queue ${verb}`,
    about,
    operands: [],
    moreOperands: 'ID',
    options: { all: { about: 'all messages in the queue' } },
    async run(invocation) {
      report(
        invocation,
        await callOperation<QueueChange>(invocation, `queue.${verb}`, selection(invocation)),
        ({ recipients }) => `${recipients} ${recipients === 1 ? 'recipient' : 'recipients'} ${done}.\n`,
      );
    },
  };
}

function selection(invocation: Invocation): unknown {
  const isAll = invocation.has('all');
  if (isAll === invocation.operands.length > 0) throw usageError('name messages by their ids, or give --all');
  return isAll ? { all: true } : { ids: invocation.operands };
}

function queuedText({ id, sender, sizeBytes, queuedAt, recipients }: ShownQueued): string {
  const lines = [`Message:  ${id}`, `From:     <${sender}>`, `Size:     ${formatSize(sizeBytes)}`, `Queued:   ${queuedAt}`];
  for (const recipient of recipients) {
    lines.push('', `To:       ${recipient.address}`, `State:    ${recipient.state}, ${recipient.attempts} attempts`);
    if (recipient.nextAttempt !== null) lines.push(`Next:     ${recipient.nextAttempt}`);
    if (recipient.lastAttempt !== null) lines.push(`Last:     ${recipient.lastAttempt}${recipient.lastHost === null ? '' : ` at ${recipient.lastHost}`}`);
    if (recipient.lastReply !== null) lines.push(`Reply:    ${recipient.lastReply}`);
  }
  return `${lines.join('\n')}\n`;
}

function shortTime(time: string): string {
  return time.slice(0, 16).replace('T', ' ');
}

function shortReply(reply: string | null): string {
  return reply === null ? '-' : reply.length > 80 ? `${reply.slice(0, 79)}…` : reply;
}
