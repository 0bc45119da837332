import type { ShownAccount } from '#admin/accounts.ts';
import type { WithPassword } from '#admin/credentials.ts';
import type { Released } from '#admin/sending.ts';
import { parseSize } from '#config/values.ts';
import { callOperation, report } from '../call.ts';
import { type Command, type Invocation, type Option, usageError } from '../command.ts';
import { formatSize, formatTable } from '../table.ts';

const PASSWORD_STDIN: Option = { about: 'read the password from the first line of standard input (else one is made and shown)' };
const QUOTA: Option = { about: 'how much mail the account may hold, such as 5G; 0 for no limit', value: 'SIZE' };
const PASSWORD_LIMIT_BYTES = 8192;

export const accountCommands: readonly Command[] = [
  {
    name: 'account add',
    about: 'Make an account',
    operands: ['LOGIN'],
    options: {
      address: { about: 'its address (else LOGIN at the primary domain)', value: 'A' },
      alias: { about: 'a further address', value: 'A', isMultiple: true },
      name: { about: 'full name', value: 'N' },
      language: { about: 'language, such as pl or en', value: 'L' },
      quota: QUOTA,
      admin: { about: 'make it an administrator' },
      'password-stdin': PASSWORD_STDIN,
      'allow-reserved': { about: 'take a login or address that was removed not long ago' },
    },
    async run(invocation) {
      const input = {
        login: invocation.operands[0],
        address: invocation.value('address'),
        aliases: invocation.values('alias'),
        name: invocation.value('name'),
        language: invocation.value('language'),
        quotaBytes: quotaOf(invocation),
        isAdmin: invocation.has('admin') ? true : undefined,
        password: await readPassword(invocation),
        allowReserved: invocation.has('allow-reserved') ? true : undefined,
      };
      report(
        invocation,
        await callOperation<WithPassword>(invocation, 'account.add', input),
        ({ login, address, password }) => `Account ${login} (${address}) was made.\n${passwordLine(password)}`,
      );
    },
  },
  {
    name: 'account list',
    about: 'Show all accounts',
    operands: [],
    options: {},
    async run(invocation) {
      report(invocation, await callOperation<readonly ShownAccount[]>(invocation, 'account.list', {}), (accounts) =>
        formatTable(
          ['LOGIN', 'ADDRESS', 'NAME', 'STATE', 'MESSAGES', 'USED', 'QUOTA'],
          accounts.map((account) => [
            account.login,
            account.address,
            account.name,
            account.isAdmin ? `${account.state}, admin` : account.state,
            String(account.usedMessages),
            formatSize(account.usedBytes),
            quotaText(account),
          ]),
        ),
      );
    },
  },
  {
    name: 'account show',
    about: 'Show one account',
    operands: ['LOGIN'],
    options: {},
    async run(invocation) {
      report(invocation, await callOperation<ShownAccount>(invocation, 'account.show', { login: invocation.operands[0] }), accountText);
    },
  },
  {
    name: 'account set',
    about: 'Change an account',
    operands: ['LOGIN'],
    options: {
      address: { about: 'which of its addresses it writes from', value: 'A' },
      name: { about: 'full name', value: 'N' },
      language: { about: 'language, such as pl or en', value: 'L' },
      quota: QUOTA,
      admin: { about: 'make it an administrator' },
      'no-admin': { about: 'make it no administrator any more' },
      'recipients-per-hour': { about: 'recipients it may write to in an hour; 0 for no limit, "default" for what is configured', value: 'N' },
      'recipients-per-day': { about: 'recipients it may write to in 24 hours; 0 for no limit, "default" for what is configured', value: 'N' },
    },
    async run(invocation) {
      if (invocation.has('admin') && invocation.has('no-admin')) throw usageError('--admin and --no-admin exclude each other');
      const input = {
        login: invocation.operands[0],
        address: invocation.value('address'),
        name: invocation.value('name'),
        language: invocation.value('language'),
        quotaBytes: quotaOf(invocation),
        isAdmin: invocation.has('admin') ? true : invocation.has('no-admin') ? false : undefined,
        recipientsPerHour: limitOf(invocation, 'recipients-per-hour'),
        recipientsPerDay: limitOf(invocation, 'recipients-per-day'),
      };
      if (Object.values(input).every((value, index) => index === 0 || value === undefined))
        throw usageError('nothing to change; see `capri account set --help`');
      report(invocation, await callOperation<ShownAccount>(invocation, 'account.set', input), accountText);
    },
  },
  {
    name: 'account passwd',
    about: 'Give an account another password',
    operands: ['LOGIN'],
    options: { 'password-stdin': PASSWORD_STDIN },
    async run(invocation) {
      const input = { login: invocation.operands[0], password: await readPassword(invocation) };
      report(
        invocation,
        await callOperation<WithPassword>(invocation, 'account.passwd', input),
        ({ login, password }) => `Account ${login} has another password.\n${passwordLine(password)}`,
      );
    },
  },
  simple('disable', 'Let nobody sign in to an account; mail for it is refused', 'disabled'),
  simple('enable', 'Let an account sign in again', 'enabled'),
  simple('remove', 'Remove an account with all its mail', 'removed'),
  {
    name: 'account release',
    about: 'End the hold of an account: its mail that was kept is sent',
    operands: ['LOGIN'],
    options: {},
    async run(invocation) {
      report(invocation, await callOperation<Released>(invocation, 'account.release', { login: invocation.operands[0] }), ({ login, wasHeld, recipients }) =>
        wasHeld || recipients > 0
          ? `Account ${login} is on hold no more; its mail for ${recipients} ${recipients === 1 ? 'recipient' : 'recipients'} goes on.\n`
          : `Account ${login} was not on hold.\n`,
      );
    },
  },
];

function simple(verb: 'disable' | 'enable' | 'remove', about: string, done: string): Command {
  return {
    name: `account ${verb}`,
    about,
    operands: ['LOGIN'],
    options: {},
    async run(invocation) {
      const output = await callOperation<{ login: string }>(invocation, `account.${verb}`, { login: invocation.operands[0] });
      report(invocation, output, ({ login }) => `Account ${login} was ${done}.\n`);
    },
  };
}

/** The first line of standard input with --password-stdin. */
export async function readPassword(invocation: Invocation): Promise<string | undefined> {
  if (!invocation.has('password-stdin')) return undefined;
  const [line = ''] = (await invocation.terminal.readInput(PASSWORD_LIMIT_BYTES)).split(/\r?\n/);
  if (line === '') throw usageError('--password-stdin was given, but standard input begins with an empty line');
  return line;
}

export function passwordLine(password: string | undefined): string {
  return password === undefined ? '' : `Password: ${password}\n`;
}

function quotaOf(invocation: Invocation): number | undefined {
  const text = invocation.value('quota');
  if (text === undefined) return undefined;
  const size = parseSize(text);
  if (size === undefined) throw usageError(`--quota ${text} is not a size; write it as 5G or 500M`);
  return size;
}

/** Null: as configured. */
function limitOf(invocation: Invocation, option: string): number | null | undefined {
  const text = invocation.value(option);
  if (text === undefined) return undefined;
  if (text === 'default') return null;
  if (!/^\d{1,7}$/.test(text)) throw usageError(`--${option} ${text} is not a number of recipients; write 0 for no limit, default for what is configured`);
  return Number(text);
}

function quotaText({ quotaBytes }: ShownAccount): string {
  return quotaBytes === 0 ? 'none' : formatSize(quotaBytes);
}

function accountText(account: ShownAccount): string {
  const rows: ReadonlyArray<readonly [string, string]> = [
    ['Login', account.login],
    ['Name', account.name],
    ['Address', account.address],
    ['Aliases', account.aliases.join(', ')],
    ['State', account.state],
    ['Administrator', account.isAdmin ? 'yes' : 'no'],
    ['Language', account.language],
    ['Quota', quotaText(account)],
    ['Used', `${formatSize(account.usedBytes)} in ${account.usedMessages} messages`],
    ['Sending', sendingText(account)],
    ['Made', account.createdAt],
  ];
  return rows.map(([name, value]) => `${`${name}:`.padEnd(15)} ${value === '' ? '-' : value}\n`).join('');
}

function sendingText({ sending }: ShownAccount): string {
  const { recipientsPerHour, recipientsPerDay, sentThisHour, sentToday, hold } = sending;
  const limit = (own: number | null): string => (own === null ? 'as configured' : own === 0 ? 'no limit' : `of ${own}`);
  const sent = `${sentThisHour} recipients in 60 minutes (${limit(recipientsPerHour)}), ${sentToday} in 24 hours (${limit(recipientsPerDay)})`;
  return hold === null ? sent : `ON HOLD since ${hold.since}: ${hold.reason}; ${sent}`;
}
