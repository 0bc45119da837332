import { z } from 'zod';
import { type Node, setting, table } from '../node.ts';
import { type About, flag, optionalText, toToml } from '../values.ts';

export interface ReportsConfig {
  readonly sendsDmarc: boolean;
  readonly sendsTls: boolean;
  readonly organization: string | undefined;
  readonly sender: string | undefined;
  readonly contact: string | undefined;
}

export function reportsSection(): Node<ReportsConfig> {
  return table<ReportsConfig>('Reports to and from other servers: see docs/reports.md.', {
    sendsDmarc: [
      'send_dmarc',
      flag({ about: 'Whether domains that ask for it hear daily how mail in their name was seen here (DMARC aggregate reports).', standard: true }),
    ],
    sendsTls: ['send_tls', flag({ about: 'Whether domains that ask for it hear daily how TLS with their servers went (TLS reports).', standard: true })],
    organization: ['organization', optionalText({ about: 'Who reports, in words. Not written: the primary domain.', example: 'Example Mail' })],
    sender: [
      'sender',
      optionalAddress({ about: 'The address that reports come from. Not written: noreply-dmarc at the primary domain.', example: 'noreply-dmarc@example.org' }),
    ],
    contact: [
      'contact',
      optionalAddress({ about: 'The address for questions about them. Not written: postmaster at the primary domain.', example: 'postmaster@example.org' }),
    ],
  });
}

function optionalAddress({ about, example }: About<never>): Node<string | undefined> {
  const schema: z.ZodType<string | undefined> = z.string().regex(/^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9-]+(?:\.[a-z0-9-]+)+$/);
  return setting(
    schema,
    { value: undefined },
    { about, form: 'an address, such as "postmaster@example.org"', ...(example !== undefined && { example: toToml(example) }) },
  );
}
