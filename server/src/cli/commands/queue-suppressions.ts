import type { AddressInput, ShownSuppressions } from '#admin/queue-suppressions.ts';
import { callOperation, report } from '../call.ts';
import { type Command, usageError } from '../command.ts';
import { formatTable } from '../table.ts';

const ACCOUNT = { account: { about: 'for mail of this account only; else for the whole server', value: 'LOGIN' } };

export const suppressionCommands: readonly Command[] = [
  {
    name: 'queue suppressions list',
    about: 'Show addresses that are not written to, and why',
    operands: [],
    options: { after: { about: 'go on behind what the page before said', value: 'PLACE' } },
    async run(invocation) {
      report(invocation, await callOperation<ShownSuppressions>(invocation, 'queue.suppressions.list', { after: invocation.value('after') }), pageText);
    },
  },
  {
    name: 'queue suppressions add',
    about: 'Write to an address no more',
    operands: ['ADDRESS'],
    options: { ...ACCOUNT, days: { about: 'for so many days; else until it is removed', value: 'N' }, note: { about: 'why', value: 'TEXT' } },
    async run(invocation) {
      const days = invocation.value('days');
      if (days !== undefined && !/^\d{1,5}$/.test(days)) throw usageError('--days wants a number');
      const input = {
        address: invocation.operands[0],
        account: invocation.value('account'),
        days: days === undefined ? undefined : Number(days),
        note: invocation.value('note'),
      };
      report(
        invocation,
        await callOperation<AddressInput>(invocation, 'queue.suppressions.add', input),
        ({ address }) => `${address} is not written to any more.\n`,
      );
    },
  },
  {
    name: 'queue suppressions remove',
    about: 'Write to an address again',
    operands: ['ADDRESS'],
    options: ACCOUNT,
    async run(invocation) {
      const input = { address: invocation.operands[0], account: invocation.value('account') };
      report(
        invocation,
        await callOperation<AddressInput>(invocation, 'queue.suppressions.remove', input),
        ({ address }) => `${address} is written to again.\n`,
      );
    },
  },
];

function pageText({ suppressions, next }: ShownSuppressions): string {
  if (suppressions.length === 0) return 'The list is empty.\n';
  const table = formatTable(
    ['ADDRESS', 'FOR', 'REASON', 'SINCE', 'UNTIL', 'DETAIL'],
    suppressions.map(({ address, account, reason, since, until, detail }) => [
      address,
      account ?? 'everybody',
      reason,
      since.slice(0, 10),
      until?.slice(0, 10) ?? 'removed',
      detail.length > 80 ? `${detail.slice(0, 79)}…` : detail,
    ]),
  );
  return next === null ? table : `${table}More: capri queue suppressions list --after ${next}\n`;
}
