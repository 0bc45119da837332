import type { ShownForward } from '#admin/shown-forward.ts';
import { report } from '../call.ts';
import { type Command, type Invocation, usageError } from '../command.ts';
import { callAs, LOGIN_OPTIONS } from '../sign-in.ts';
import { formatTable } from '../table.ts';

const SOURCE = 'LOGIN|ADDRESS';

export const forwardCommands: readonly Command[] = [
  {
    name: 'forward add',
    about: 'Forward all mail of an account, or that of one address; the target is asked to agree',
    operands: [SOURCE, 'TARGET'],
    options: {
      'no-copy': { about: 'keep no copy in the mailbox of what was forwarded' },
      confirmed: { about: 'the target has agreed already: ask nobody (for the administrator)' },
      ...LOGIN_OPTIONS,
    },
    async run(invocation) {
      const isConfirmed = invocation.has('confirmed');
      if (isConfirmed && invocation.has('login')) throw usageError('--confirmed is for the administrator: the target is asked');
      const input = { ...named(invocation), keepsCopy: !invocation.has('no-copy') };
      const made = await callAs<ShownForward>(invocation, {
        administrator: () => ['forward.add', { ...input, isConfirmed }],
        user: () => ['own.forward.add', input],
      });
      report(invocation, made, (forward) =>
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
    options: { of: { about: 'only those of one account', value: 'LOGIN' }, ...LOGIN_OPTIONS },
    async run(invocation) {
      const login = invocation.value('of');
      if (login !== undefined && invocation.has('login')) throw usageError('--of is for the administrator: --login shows what is its own anyway');
      const found = await callAs<readonly ShownForward[]>(invocation, {
        administrator: () => ['forward.list', { login }],
        user: () => ['own.forward.list', {}],
      });
      report(invocation, found, (forwards) =>
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
    options: LOGIN_OPTIONS,
    async run(invocation) {
      report(invocation, await change<ShownForward>(invocation, 'forward.confirm', { ...named(invocation), code: invocation.operands[2] }), begun);
    },
  },
  {
    name: 'forward resume',
    about: 'Let a forward run again that was paused because its target refused mail',
    operands: [SOURCE, 'TARGET'],
    options: LOGIN_OPTIONS,
    async run(invocation) {
      report(invocation, await change<ShownForward>(invocation, 'forward.resume', named(invocation)), begun);
    },
  },
  {
    name: 'forward remove',
    about: 'End a forward',
    operands: [SOURCE, 'TARGET'],
    options: LOGIN_OPTIONS,
    async run(invocation) {
      const output = await change<{ readonly target: string }>(invocation, 'forward.remove', named(invocation));
      report(invocation, output, ({ target }) => `Nothing is forwarded to ${target} any more.\n`);
    },
  },
];

/** The same for the administrator and for a user's own. */
function change<Output>(invocation: Invocation, operation: string, input: unknown): Promise<Output> {
  return callAs<Output>(invocation, { administrator: () => [operation, input], user: () => [`own.${operation}`, input] });
}

function named({ operands }: Invocation): { readonly source: string | undefined; readonly target: string | undefined } {
  return { source: operands[0], target: operands[1] };
}

function begun({ login, address, target, keepsCopy }: ShownForward): string {
  return `Mail of ${address ?? login} goes on to ${target}; ${keepsCopy ? 'a copy stays in the mailbox' : 'no copy stays in the mailbox'}.\n`;
}
