import { type Node, table } from '../node.ts';
import { count, optionalHostname } from '../values.ts';

export interface ForwardingConfig {
  readonly srsDomain: string | undefined;
  readonly srsDays: number;
}

export function forwardingSection(): Node<ForwardingConfig> {
  return table<ForwardingConfig>('Mail that accounts forward elsewhere; the forwards themselves are made with `capri forward add`.', {
    srsDomain: [
      'srs_domain',
      optionalHostname({
        about:
          'The domain of the senders (SRS) under which mail is forwarded; its MX must lead here and its SPF record name this server. Not written: the primary domain.',
        example: 'forwarded.example.org',
      }),
    ],
    srsDays: ['srs_days', count({ about: 'Days for which a bounce of forwarded mail still finds the true sender.', standard: 21, minimum: 6, maximum: 365 })],
  });
}
