import { type Node, table } from '../node.ts';
import { choice } from '../values.ts';

export interface LogConfig {
  readonly level: 'error' | 'warn' | 'info';
  readonly format: 'json' | 'short';
}

export function logSection(): Node<LogConfig> {
  return table<LogConfig>('What is written to standard error.', {
    level: ['level', choice(['error', 'warn', 'info'], { about: 'Events below this are not written.', standard: 'info' })],
    format: ['format', choice(['json', 'short'], { about: '"json": one JSON line an event; "short": for a person at a terminal.', standard: 'json' })],
  });
}
