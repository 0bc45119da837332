import type { QueueChange } from '#admin/queue-changes.ts';
import type { ShownPage } from '#admin/queue-page.ts';
import type { ShownAccountHold } from '#admin/queue.ts';
import type { ShownQueued } from '#admin/shown-queued.ts';
import { callOperation, report } from '../call.ts';
import { type Command, type Invocation, type Option, usageError } from '../command.ts';
import { LANG_OPTION, languageOf } from '../language.ts';
import { callAs, LOGIN_OPTIONS } from '../sign-in.ts';
import { formatSize, formatTable } from '../table.ts';

const FILTER: Readonly<Record<string, Option>> = {
  state: { about: 'only what is waiting, held or trying', value: 'S' },
  domain: { about: 'only with recipients of this domain', value: 'D' },
  sender: { about: 'only from this address, or @domain for everybody there', value: 'A' },
  account: { about: 'only what this account has sent', value: 'LOGIN' },
};

export const queueCommands: readonly Command[] = [
  {
    name: 'queue list',
    about: 'Show mail that waits to be sent to other servers, the oldest first',
    operands: [],
    options: {
      ...FILTER,
      after: { about: 'go on behind this message', value: 'ID' },
      limit: { about: 'so many messages, up to 1000; else 100', value: 'N' },
      lang: LANG_OPTION,
      ...LOGIN_OPTIONS,
    },
    async run(invocation) {
      const limit = invocation.value('limit');
      if (limit !== undefined && !/^\d{1,4}$/.test(limit)) throw usageError('--limit wants a number');
      if (invocation.has('login') && isFiltered(invocation)) throw usageError('filters are for the administrator: --login shows what is its own anyway');
      const page = { after: invocation.value('after'), limit: limit === undefined ? undefined : Number(limit), language: languageOf(invocation) };
      const shown = await callAs<ShownPage>(invocation, {
        administrator: () => ['queue.list', { ...filter(invocation), ...page }],
        user: () => ['own.queue.list', page],
      });
      report(invocation, shown, pageText);
    },
  },
  {
    name: 'queue show',
    about: 'Show one message in the queue, with what was said of it and what that means',
    operands: ['ID'],
    options: { lang: LANG_OPTION },
    async run(invocation) {
      const input = { id: invocation.operands[0], language: languageOf(invocation) };
      report(invocation, await callOperation<ShownQueued>(invocation, 'queue.show', input), queuedText);
    },
  },
  change('retry', 'Try messages at once', 'will be tried at once'),
  {
    name: 'queue flush',
    about: 'Try everything for a domain at once',
    operands: ['DOMAIN'],
    options: {},
    async run(invocation) {
      report(invocation, await callOperation<QueueChange>(invocation, 'queue.flush', { domain: invocation.operands[0] }), changeText('will be tried at once'));
    },
  },
  change('hold', 'Keep messages from being tried until they are released', 'held'),
  change('release', 'Let held messages be tried again', 'released'),
  change('drop', 'Remove messages from the queue; their senders are not told', 'dropped'),
  {
    name: 'queue hold-account',
    about: 'Keep all mail of an account, also what it sends from now on; `account release` ends it',
    operands: ['LOGIN'],
    options: { reason: { about: 'why, for whoever looks at it later', value: 'TEXT' } },
    async run(invocation) {
      const input = { account: invocation.operands[0], reason: invocation.value('reason') ?? '' };
      report(invocation, await callOperation<QueueChange>(invocation, 'queue.hold-account', input), changeText('held'));
    },
  },
  {
    name: 'queue held-accounts',
    about: 'Show the accounts whose mail is kept, and why',
    operands: [],
    options: {},
    async run(invocation) {
      report(invocation, await callOperation<readonly ShownAccountHold[]>(invocation, 'queue.held-accounts', {}), (holds) =>
        holds.length === 0
          ? 'No account is on hold.\n'
          : formatTable(
              ['LOGIN', 'SINCE', 'BY', 'REASON'],
              holds.map(({ login, since, by, reason }) => [login, shortTime(since), by, reason]),
            ),
      );
    },
  },
];

function change(verb: string, about: string, done: string): Command {
  return {
    name: `queue ${verb}`,
    about,
    operands: [],
    moreOperands: 'ID',
    options: { all: { about: 'all messages in the queue' }, ...FILTER, reason: { about: 'why, for the trail', value: 'TEXT' } },
    async run(invocation) {
      const input = { ...selection(invocation), reason: invocation.value('reason') };
      report(invocation, await callOperation<QueueChange>(invocation, `queue.${verb}`, input), changeText(done));
    },
  };
}

function changeText(done: string): (change: QueueChange) => string {
  return ({ recipients }) => `${recipients} ${recipients === 1 ? 'recipient' : 'recipients'} ${done}.\n`;
}

function filter(invocation: Invocation): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(Object.keys(FILTER).map((name) => [name, invocation.value(name)]));
}

function isFiltered(invocation: Invocation): boolean {
  return Object.keys(FILTER).some((name) => invocation.has(name));
}

function selection(invocation: Invocation): Readonly<Record<string, unknown>> {
  const isAll = invocation.has('all');
  const isNamed = invocation.operands.length > 0;
  if ([isAll, isFiltered(invocation), isNamed].filter(Boolean).length !== 1) throw usageError('name messages by their ids, or give --all or a filter');
  return isAll ? { all: true } : isNamed ? { ids: invocation.operands } : filter(invocation);
}

function pageText({ queued, next }: ShownPage): string {
  if (queued.length === 0) return next === null ? 'The queue is empty, or nothing in it fits.\n' : `Nothing so far. ${more(next)}`;
  const table = formatTable(
    ['ID', 'QUEUED', 'SIZE', 'FROM', 'TO', 'STATE', 'ATTEMPTS', 'NEXT', 'LAST REPLY'],
    queued.flatMap(({ id, queuedAt, sizeBytes, sender, hold, recipients }) =>
      recipients.map(({ address, state, attempts, nextAttempt, lastReply, explanation }) => [
        id,
        shortTime(queuedAt),
        formatSize(sizeBytes),
        `<${sender}>`,
        address,
        state,
        String(attempts),
        nextAttempt === null || state !== 'waiting' ? '-' : shortTime(nextAttempt),
        shortReply(explanation?.cause ?? lastReply ?? hold?.reason ?? null),
      ]),
    ),
  );
  return next === null ? table : `${table}${more(next)}`;
}

function more(next: string): string {
  return `More: the same command with --after ${next}\n`;
}

function queuedText({ id, sender, sizeBytes, queuedAt, priority, releaseAt, deliverBy, hold, recipients }: ShownQueued): string {
  const lines = [`Message:  ${id}`, `From:     <${sender}>`, `Size:     ${formatSize(sizeBytes)}`, `Queued:   ${queuedAt}`];
  if (priority !== 0) lines.push(`Priority: ${priority}`);
  if (releaseAt !== null) lines.push(`Leaves:   not before ${releaseAt}`);
  if (deliverBy !== null) lines.push(`Deliver:  by ${deliverBy.at}, else ${deliverBy.late === 'returned' ? 'it is returned' : 'its sender is told'}`);
  if (hold !== null)
    lines.push(`Held:     by ${hold.kind === 'account' ? 'the hold of its account' : hold.kind}${hold.reason === '' ? '' : `: ${hold.reason}`}`);
  for (const recipient of recipients) {
    lines.push('', `To:       ${recipient.address}`, `State:    ${recipient.state}, ${recipient.attempts} attempts`);
    if (recipient.nextAttempt !== null) lines.push(`Next:     ${recipient.nextAttempt}`);
    if (recipient.lastAttempt !== null) lines.push(`Last:     ${recipient.lastAttempt}${recipient.lastHost === null ? '' : ` at ${recipient.lastHost}`}`);
    if (recipient.lastReply !== null) lines.push(`Reply:    ${recipient.lastReply}`);
    if (recipient.explanation !== null) lines.push(`Cause:    ${recipient.explanation.cause}`, `Remedy:   ${recipient.explanation.remedy}`);
  }
  return `${lines.join('\n')}\n`;
}

function shortTime(time: string): string {
  return time.slice(0, 16).replace('T', ' ');
}

function shortReply(reply: string | null): string {
  return reply === null ? '-' : reply.length > 80 ? `${reply.slice(0, 79)}…` : reply;
}
