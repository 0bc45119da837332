import { type Node, table } from '../node.ts';
import { duration, size } from '../values.ts';

export interface StoreConfig {
  readonly freeSpaceMarkBytes: number;
  readonly graceMs: number;
  readonly changeLogMs: number;
  readonly trailMs: number;
}

export function storeSection(): Node<StoreConfig> {
  return table<StoreConfig>('How mail is kept.', {
    freeSpaceMarkBytes: [
      'free_space_mark',
      size({ about: 'With less free space than this, new mail is refused for the time being; deleting still works.', standard: '512M' }),
    ],
    graceMs: ['grace', duration({ about: 'How long a deleted message is kept for sessions that still show it, and then its space.', standard: '1h' })],
    trailMs: ['trail', duration({ about: 'How long it is remembered what happened to each message.', standard: '90d' })],
    changeLogMs: [
      'change_log',
      duration({ about: 'How long changes are remembered, so that a program that was away learns only what is new (QRESYNC).', standard: '90d' }),
    ],
  });
}
