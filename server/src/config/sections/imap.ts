import { type Node, table } from '../node.ts';
import { duration } from '../values.ts';

export interface ImapConfig {
  readonly idleTimeoutMs: number;
}

export function imapSection(): Node<ImapConfig> {
  return table<ImapConfig>('Reading mail over IMAP.', {
    idleTimeoutMs: [
      'idle_time',
      duration({ about: 'A session in which nothing happens for so long is ended (RFC 9051: at least 30 minutes).', standard: '30m', minimum: '1s' }),
    ],
  });
}
