import { type Node, table } from '../node.ts';
import { count, duration, size } from '../values.ts';

export interface LimitsConfig {
  readonly messageSizeBytes: number;
  readonly recipients: number;
  readonly connections: number;
  readonly connectionsPerAddress: number;
  readonly unauthenticatedTimeoutMs: number;
  readonly handshakeTimeoutMs: number;
  readonly writeTimeoutMs: number;
  readonly connectionsPerMinute: number;
  readonly signInFailuresPerAddress: number;
  readonly signInFailuresPerNetwork: number;
  readonly signInFailuresPerAccount: number;
  readonly signInFailuresTotal: number;
  readonly signInDelayMs: number;
}

export function limitsSection(): Node<LimitsConfig> {
  return table<LimitsConfig>('What one client may take, so that the others do not notice it.', {
    messageSizeBytes: ['message_size', size({ about: 'The largest message that is accepted, at every door.', standard: '50M', minimum: '64K', maximum: '1G' })],
    recipients: ['recipients', count({ about: 'Recipients of one message.', standard: 1000, minimum: 100 })],
    connections: ['connections', count({ about: 'Connections at one time, all listeners together. 0: no limit.', standard: 20_000 })],
    connectionsPerAddress: [
      'connections_per_address',
      count({ about: 'Connections at one time from one address (IPv6: one /64). 0: no limit.', standard: 100 }),
    ],
    unauthenticatedTimeoutMs: [
      'sign_in_time',
      duration({ about: 'How long a client of IMAP, POP3 or submission may take to sign in.', standard: '60s', minimum: '1s' }),
    ],
    handshakeTimeoutMs: ['handshake_time', duration({ about: 'How long the beginning of TLS may take, at every door.', standard: '30s', minimum: '1s' })],
    writeTimeoutMs: [
      'write_timeout',
      duration({
        about: 'How long a client may take nothing of an answer that is too long to be sent at once, before the line is cut.',
        standard: '5m',
        minimum: '1s',
      }),
    ],
    connectionsPerMinute: [
      'connections_per_minute',
      count({ about: 'New connections in a minute from one address (IPv6: one /64); this machine is exempt. 0: no limit.', standard: 600 }),
    ],
    signInFailuresPerAddress: [
      'sign_in_failures_per_address',
      count({ about: 'Failed sign-ins in an hour from one address to one account, then they are refused for a while. 0: no limit.', standard: 10 }),
    ],
    signInFailuresPerNetwork: [
      'sign_in_failures_per_network',
      count({
        about: 'Failed sign-ins in an hour from one network (IPv4 /24, IPv6 /48) to all accounts, then they are refused for a while. 0: no limit.',
        standard: 100,
      }),
    ],
    signInFailuresPerAccount: [
      'sign_in_failures_per_account',
      count({
        about:
          'Failed sign-ins to one account from unfamiliar networks, then more are delayed; networks that signed in within 30 days are exempt. 0: no limit.',
        standard: 20,
      }),
    ],
    signInFailuresTotal: [
      'sign_in_failures_total',
      count({
        about: 'Failed sign-ins to the whole server from unfamiliar networks, then more are delayed and in the end refused. 0: no limit.',
        standard: 500,
      }),
    ],
    signInDelayMs: ['sign_in_delay', duration({ about: 'The longest delay of a sign-in.', standard: '15s' })],
  });
}
