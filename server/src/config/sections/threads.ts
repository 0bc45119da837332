import { type Node, table } from '../node.ts';
import { count } from '../values.ts';

export interface ThreadsConfig {
  /** 0: as many as there are cores. */
  readonly protocol: number;
}

export function threadsSection(): Node<ThreadsConfig> {
  return table<ThreadsConfig>('How many processor cores are used.', {
    protocol: ['protocol', count({ about: 'Threads that talk to clients. 0: one for each core.', standard: 0, maximum: 256 })],
  });
}
