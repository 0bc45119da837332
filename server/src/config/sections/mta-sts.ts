import { type Node, table } from '../node.ts';
import { choice, duration, hostnames } from '../values.ts';

export interface MtaStsConfig {
  readonly mode: 'enforce' | 'testing' | 'none';
  /** Empty: the hostname of [smtp], or of [server]. */
  readonly mx: readonly string[];
  readonly maxAgeMs: number;
}

export function mtaStsSection(): Node<MtaStsConfig> {
  return table<MtaStsConfig>(
    'The MTA-STS policy (RFC 8461) that other servers find at https://mta-sts.DOMAIN, for every domain here: that mail for it comes only over TLS with a valid certificate. It needs the https listener, a certificate for mta-sts.DOMAIN, and the record that `capri domain dns` shows.',
    {
      mode: [
        'mode',
        choice(['enforce', 'testing', 'none'], {
          about:
            '"enforce": others must insist; "testing": they only report what would fail; "none": they need not care (to end a policy, before it is taken away).',
          standard: 'testing',
        }),
      ],
      mx: ['mx', hostnames({ about: 'The hosts that take mail for the domains, as in their MX records. Empty: the hostname of this server.', standard: [] })],
      maxAgeMs: ['max_age', duration({ about: 'How long others remember the policy.', standard: '7d', minimum: '1d' })],
    },
  );
}
