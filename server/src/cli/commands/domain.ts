import type { ShownDomain } from '#admin/domains.ts';
import { callOperation, report } from '../call.ts';
import { type Command, type Invocation, usageError } from '../command.ts';
import { formatTable } from '../table.ts';

export const domainCommands: readonly Command[] = [
  {
    name: 'domain add',
    about: 'Receive mail for a domain',
    operands: ['DOMAIN'],
    options: {
      separator: { about: 'what separates a detail, as in jan+lists@; empty for none (else +)', value: 'C' },
      'no-address-sign-in': { about: 'people sign in with their login only, never with an address of this domain' },
    },
    async run(invocation) {
      const input = {
        domain: invocation.operands[0],
        separator: invocation.value('separator'),
        addressSignIn: invocation.has('no-address-sign-in') ? false : undefined,
      };
      report(
        invocation,
        await callOperation<{ domain: string }>(invocation, 'domain.add', input),
        ({ domain }) => `Domain ${domain} was added. \`capri domain dns ${domain}\` shows what to put into the DNS.\n`,
      );
    },
  },
  {
    name: 'domain list',
    about: 'Show the domains for which mail is received',
    operands: [],
    options: {},
    async run(invocation) {
      report(invocation, await callOperation<readonly ShownDomain[]>(invocation, 'domain.list', {}), (domains) => domainTable(domains));
    },
  },
  {
    name: 'domain set',
    about: 'Change what happens with unknown addresses, details and sign-in names of a domain',
    operands: ['DOMAIN'],
    options: {
      'catch-all': { about: 'the account that gets what nobody else has', value: 'LOGIN' },
      'no-catch-all': { about: 'refuse mail for unknown addresses' },
      separator: { about: 'what separates a detail, as in jan+lists@; empty for none', value: 'C' },
      'address-sign-in': { about: 'whether people may sign in with an address of this domain: yes or no', value: 'yes|no' },
      'arc-seal': { about: 'whether mail that is forwarded for its addresses is sealed (ARC): yes or no', value: 'yes|no' },
    },
    async run(invocation) {
      const input = {
        domain: invocation.operands[0],
        catchAll: invocation.has('no-catch-all') ? null : invocation.value('catch-all'),
        separator: invocation.value('separator'),
        addressSignIn: yesOrNo(invocation, 'address-sign-in'),
        arcSeal: yesOrNo(invocation, 'arc-seal'),
      };
      if (invocation.has('catch-all') && invocation.has('no-catch-all')) throw usageError('--catch-all and --no-catch-all exclude each other');
      if (Object.values(input).every((value, index) => index === 0 || value === undefined))
        throw usageError('nothing to change; see `capri domain set --help`');
      report(invocation, await callOperation<ShownDomain>(invocation, 'domain.set', input), (domain) => domainTable([domain]));
    },
  },
  {
    name: 'domain remove',
    about: 'Receive mail for a domain no longer',
    operands: ['DOMAIN'],
    options: {},
    async run(invocation) {
      const output = await callOperation<{ domain: string }>(invocation, 'domain.remove', { domain: invocation.operands[0] });
      report(invocation, output, ({ domain }) => `Domain ${domain} was removed.\n`);
    },
  },
];

function yesOrNo(invocation: Invocation, option: string): boolean | undefined {
  const text = invocation.value(option);
  if (text === undefined) return undefined;
  if (text !== 'yes' && text !== 'no') throw usageError(`--${option} ${text} is neither yes nor no`);
  return text === 'yes';
}

function domainTable(domains: readonly ShownDomain[]): string {
  return formatTable(
    ['DOMAIN', 'CATCH-ALL', 'SEPARATOR', 'SIGN-IN WITH ADDRESS', 'ARC SEAL'],
    domains.map(({ domain, catchAll, separator, addressSignIn, arcSeal }) => [
      domain,
      catchAll ?? '-',
      separator === '' ? '-' : separator,
      addressSignIn ? 'yes' : 'no',
      arcSeal ? 'yes' : 'no',
    ]),
  );
}
