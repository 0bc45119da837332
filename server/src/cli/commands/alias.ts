import type { ShownAlias } from '#admin/aliases.ts';
import { callOperation, report } from '../call.ts';
import { type Command, usageError } from '../command.ts';
import { formatTable } from '../table.ts';

export const aliasCommands: readonly Command[] = [
  {
    name: 'alias add',
    about: 'Give an account one more address',
    operands: ['ADDRESS'],
    options: { to: { about: 'the account', value: 'LOGIN' }, 'allow-reserved': { about: 'take an address that was removed not long ago' } },
    async run(invocation) {
      const login = invocation.value('to');
      if (login === undefined) throw usageError('--to LOGIN is missing: whose address is it to be?');
      const input = { address: invocation.operands[0], login, allowReserved: invocation.has('allow-reserved') ? true : undefined };
      report(
        invocation,
        await callOperation<ShownAlias>(invocation, 'alias.add', input),
        (alias) => `Address ${alias.address} belongs to ${alias.login} now.\n`,
      );
    },
  },
  {
    name: 'alias list',
    about: 'Show all addresses and whose they are',
    operands: [],
    options: {},
    async run(invocation) {
      report(invocation, await callOperation<readonly ShownAlias[]>(invocation, 'alias.list', {}), (aliases) =>
        formatTable(
          ['ADDRESS', 'LOGIN'],
          aliases.map(({ address, login }) => [address, login]),
        ),
      );
    },
  },
  {
    name: 'alias remove',
    about: 'Take an address away from its account',
    operands: ['ADDRESS'],
    options: {},
    async run(invocation) {
      const output = await callOperation<{ address: string }>(invocation, 'alias.remove', { address: invocation.operands[0] });
      report(invocation, output, ({ address }) => `Address ${address} was removed.\n`);
    },
  },
];
