import type { ShownForward } from '#admin/forwards.ts';
import { callOperation, report } from '../call.ts';
import type { Command, Invocation } from '../command.ts';
import { formatTable } from '../table.ts';

const SOURCE = 'LOGIN|ADDRESS';

export const forwardCommands: readonly Command[] = [
  {
    name: 'forward add',
    about: 'Forward all mail of an account, or that of one address; the target is asked to agree',
    operands: [SOURCE, 'TARGET'],
    options: {
      'no-copy': { about: 'keep no copy in the mailbox of what was forwarded' },
      confirmed: { about: 'the target has agreed already: ask nobody' },
    },
    async run(invocation) {
      const input = { ...named(invocation), keepsCopy: !invocation.has('no-copy'), isConfirmed: invocation.has('confirmed') };
      report(invocation, await callOperation<ShownForward>(invocation, 'forward.add', input), (forward) =>
        forward.state === 'pending'
          ? `${forward.target} was asked to agree. It begins when that mail is answered, or with \`capri forward confirm\` and the code in it.\n`
          : begun(forward),
      );
    },
  },
  {
    name: 'forward list',
    about: 'Show forwards',
    operands: [],
    options: { of: { about: 'only those of one account', value: 'LOGIN' } },
    async run(invocation) {
      report(invocation, await callOperation<readonly ShownForward[]>(invocation, 'forward.list', { login: invocation.value('of') }), (forwards) =>
        forwards.length === 0
          ? 'There are no forwards.\n'
          : formatTable(
              ['LOGIN', 'MAIL OF', 'GOES TO', 'COPY', 'STATE', 'REFUSED', 'LAST REFUSAL'],
              forwards.map(({ login, address, target, keepsCopy, state, failures, lastReply }) => [
                login,
                address ?? 'all',
                target,
                keepsCopy ? 'kept' : 'none',
                state,
                String(failures),
                lastReply === null ? '-' : lastReply.slice(0, 80),
              ]),
            ),
      );
    },
  },
  {
    name: 'forward confirm',
    about: 'Say that the target agrees, with the code that it was sent',
    operands: [SOURCE, 'TARGET', 'CODE'],
    options: {},
    async run(invocation) {
      const input = { ...named(invocation), code: invocation.operands[2] };
      report(invocation, await callOperation<ShownForward>(invocation, 'forward.confirm', input), begun);
    },
  },
  {
    name: 'forward resume',
    about: 'Let a forward run again that was paused because its target refused mail',
    operands: [SOURCE, 'TARGET'],
    options: {},
    async run(invocation) {
      report(invocation, await callOperation<ShownForward>(invocation, 'forward.resume', named(invocation)), begun);
    },
  },
  {
    name: 'forward remove',
    about: 'End a forward',
    operands: [SOURCE, 'TARGET'],
    options: {},
    async run(invocation) {
      const output = await callOperation<{ target: string }>(invocation, 'forward.remove', named(invocation));
      report(invocation, output, ({ target }) => `Nothing is forwarded to ${target} any more.\n`);
    },
  },
];

function named({ operands }: Invocation): { readonly source: string | undefined; readonly target: string | undefined } {
  return { source: operands[0], target: operands[1] };
}

function begun({ login, address, target, keepsCopy }: ShownForward): string {
  return `Mail of ${address ?? login} goes on to ${target}; ${keepsCopy ? 'a copy stays in the mailbox' : 'no copy stays in the mailbox'}.\n`;
}
