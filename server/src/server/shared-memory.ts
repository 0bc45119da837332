/** What all protocol threads count and remember together: made once by the main thread, handed to each, kept when a thread starts again. */
import type { Config } from '#config/config.ts';
import { createSharedSignInState, type SharedSignInState } from '#directory/shared-sign-in.ts';
import { countTable, rateTable, type SharedTable } from '#net/rate-limit.ts';

export interface SharedMemory {
  readonly signIn: SharedSignInState;
  /** Connections now. */
  readonly connections: SharedTable;
  /** How often each address connects. */
  readonly accepts: SharedTable;
  /** POP3 sign-ins of each account. */
  readonly loginDelay: SharedTable;
}

export function makeSharedMemory(threads: number): SharedMemory {
  return { signIn: createSharedSignInState(), connections: countTable(threads), accepts: rateTable(), loginDelay: rateTable() };
}

/** How many threads talk to clients. */
export function protocolThreadCount(config: Config, cores: number): number {
  return config.threads.protocol === 0 ? Math.max(1, cores) : config.threads.protocol;
}
