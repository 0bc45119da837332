/** The store without a server, for commands: under the lock, with the writer in this thread. */
import type { Config } from '#config/config.ts';
import { systemClock } from '#core/clock.ts';
import { OPERATIONS } from '#admin/operations.ts';
import type { AdminServices } from '#admin/operation.ts';
import { openStore } from '#store/open.ts';
import { callOperation } from './call-operation.ts';
import { MUTATIONS } from './mutations.ts';
import { becomeOwner, prepareDataDirectory } from './privileges.ts';

export interface Offline extends AsyncDisposable {
  readonly services: AdminServices;
  /** Does an operation. Throws DomainError. */
  call(operation: string, input: unknown): Promise<unknown>;
}

/**
 * Opens the store of a configuration; as root, the process becomes the owner of the data directory first, so that no file is left that the server cannot
 * write. Throws DomainError `not-permitted` when somebody else has the lock, PrivilegeError.
 */
export async function openOffline(config: Config): Promise<Offline> {
  const { dataDirectory, domain } = config.server;
  prepareDataDirectory(dataDirectory, undefined);
  becomeOwner(dataDirectory);
  const store = await openStore({ directory: dataDirectory, mutations: MUTATIONS, inline: true, freeSpaceMarkBytes: config.store.freeSpaceMarkBytes });
  const services: AdminServices = { store, clock: systemClock, primaryDomain: domain, dataDirectory };
  return {
    services,
    call: (operation, input) => callOperation(OPERATIONS, services, operation, input),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}
