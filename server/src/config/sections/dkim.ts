import { type Node, table } from '../node.ts';
import { duration, flag } from '../values.ts';

export interface DkimConfig {
  readonly isSigning: boolean;
  readonly rotateAfterMs: number;
  readonly publishedForMs: number;
  readonly keepRetiredMs: number;
}

export function dkimSection(): Node<DkimConfig> {
  return table<DkimConfig>('Signing what leaves: two keys for each domain, which `capri domain dns` shows for the DNS.', {
    isSigning: ['sign', flag({ about: 'Whether mail of our domains is signed.', standard: true })],
    rotateAfterMs: [
      'rotate_after',
      duration({
        about:
          'When new keys are made by themselves. They are used once you have published them; until then the old ones stay. "0s": only on `capri domain rotate-keys`.',
        standard: '0s',
      }),
    ],
    publishedForMs: [
      'published_for',
      duration({
        about: 'How long new keys must have been seen in the DNS before they are used: as long as others may remember that they were not there.',
        standard: '1h',
      }),
    ],
    keepRetiredMs: [
      'keep_retired',
      duration({
        about: 'How long the record of an old key must stay in the DNS: mail that it has signed may still be on its way.',
        standard: '14d',
        minimum: '1d',
      }),
    ],
  });
}
