import { type Node, table } from '../node.ts';
import { count, duration, flag } from '../values.ts';

export interface Pop3Config {
  readonly loginDelaySeconds: number;
  readonly isLoginDelayEnforced: boolean;
  readonly loginDelayBurst: number;
  readonly idleTimeoutMs: number;
}

export function pop3Section(): Node<Pop3Config> {
  return table<Pop3Config>('Fetching mail over POP3.', {
    loginDelaySeconds: [
      'login_delay_seconds',
      count({ about: 'How long a program should wait between two sign-ins; told in CAPA (RFC 2449). 0: not told.', standard: 300, maximum: 86_400 }),
    ],
    isLoginDelayEnforced: ['login_delay_enforced', flag({ about: 'Whether a sign-in that comes sooner is refused.', standard: false })],
    loginDelayBurst: [
      'login_delay_burst',
      count({ about: 'Sign-ins that may come sooner before one is refused, where the delay is enforced.', standard: 5, maximum: 1000 }),
    ],
    idleTimeoutMs: [
      'idle_time',
      duration({ about: 'A session in which nothing happens for so long is ended (RFC 1939: at least 10 minutes).', standard: '10m', minimum: '1s' }),
    ],
  });
}
