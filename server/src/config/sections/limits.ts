import { type Node, table } from '../node.ts';
import { count, duration, size } from '../values.ts';

export interface LimitsConfig {
  readonly messageSizeBytes: number;
  readonly recipients: number;
  readonly connections: number;
  readonly connectionsPerAddress: number;
  readonly unauthenticatedTimeoutMs: number;
  readonly signInFailuresPerNetwork: number;
  readonly signInFailuresPerAccount: number;
  readonly signInFailuresTotal: number;
}

export function limitsSection(): Node<LimitsConfig> {
  return table<LimitsConfig>('What one client may take, so that the others do not notice it.', {
    messageSizeBytes: ['message_size', size({ about: 'The largest message that is accepted, at every door.', standard: '50M' })],
    recipients: ['recipients', count({ about: 'Recipients of one message.', standard: 1000, minimum: 100 })],
    connections: ['connections', count({ about: 'Connections at one time, all listeners together. 0: no limit.', standard: 20_000 })],
    connectionsPerAddress: [
      'connections_per_address',
      count({ about: 'Connections at one time from one address (IPv6: one /64). 0: no limit.', standard: 100 }),
    ],
    unauthenticatedTimeoutMs: ['sign_in_time', duration({ about: 'How long a client of IMAP, POP3 or submission may take to sign in.', standard: '60s' })],
    signInFailuresPerNetwork: [
      'sign_in_failures_per_network',
      count({ about: 'Failed sign-ins in ten minutes from one network (IPv4 /24, IPv6 /48) before it has to wait. 0: no limit.', standard: 100 }),
    ],
    signInFailuresPerAccount: [
      'sign_in_failures_per_account',
      count({
        about: 'Failed sign-ins in ten minutes to one account before others have to wait; networks that signed in within 30 days are exempt. 0: no limit.',
        standard: 20,
      }),
    ],
    signInFailuresTotal: [
      'sign_in_failures_total',
      count({ about: 'Failed sign-ins in ten minutes on the whole server before all new networks have to wait. 0: no limit.', standard: 5000 }),
    ],
  });
}
