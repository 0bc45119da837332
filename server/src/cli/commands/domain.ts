import type { ShownDomain } from '#admin/domains.ts';
import { callOperation, report } from '../call.ts';
import type { Command } from '../command.ts';
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
      report(invocation, await callOperation<{ domain: string }>(invocation, 'domain.add', input), ({ domain }) => `Domain ${domain} was added.\n`);
    },
  },
  {
    name: 'domain list',
    about: 'Show the domains for which mail is received',
    operands: [],
    options: {},
    async run(invocation) {
      report(invocation, await callOperation<readonly ShownDomain[]>(invocation, 'domain.list', {}), (domains) =>
        formatTable(
          ['DOMAIN', 'CATCH-ALL', 'SEPARATOR', 'SIGN-IN WITH ADDRESS'],
          domains.map(({ domain, catchAll, separator, addressSignIn }) => [
            domain,
            catchAll ?? '-',
            separator === '' ? '-' : separator,
            addressSignIn ? 'yes' : 'no',
          ]),
        ),
      );
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
