/** The store without a server, for commands: under the lock, with the writer in this thread. */
import fs from 'node:fs';
import type { Config } from '#config/config.ts';
import { systemClock } from '#core/clock.ts';
import { DomainError } from '#core/errors.ts';
import { OPERATIONS } from '#admin/operations.ts';
import type { AdminServices } from '#admin/operation.ts';
import { openDirectory } from '#directory/open-directory.ts';
import { createSharedSignInState } from '#directory/shared-sign-in.ts';
import { silentLog } from '#log/pino-log.ts';
import { metadataFile } from '#store/blobs/layout.ts';
import { openStore } from '#store/open.ts';
import { callOperation, type Credentials } from './call-operation.ts';
import { MUTATIONS } from './mutations.ts';
import { signInLimits } from './sign-in-limits.ts';
import { siteServices } from './site.ts';
import { becomeOwner, prepareDataDirectory } from './privileges.ts';

export interface Offline extends AsyncDisposable {
  readonly services: AdminServices;
  /** Does an operation, as the administrator where nobody signs in. Throws DomainError. */
  call(operation: string, input: unknown, signIn?: Credentials): Promise<unknown>;
}

/**
 * Opens the store of a configuration; as root, the process becomes the owner of the data directory first, so that no file is left that the server cannot
 * write. Only `isNew` begins a store where there is none: a mistaken path must not look like an empty server. Throws DomainError `not-permitted` when
 * somebody else has the lock, `bad-request` where there is no store, PrivilegeError.
 */
export async function openOffline(config: Config, { isNew = false }: { readonly isNew?: boolean } = {}): Promise<Offline> {
  const { dataDirectory, domain } = config.server;
  // Nobody but the owner looks into what is written from here on.
  process.umask(0o077);
  if (!isNew && isMissing(metadataFile(dataDirectory))) {
    throw new DomainError(
      'bad-request',
      `${dataDirectory} holds no data; correct server.data_directory, start the server once with \`capri serve\`, or set up another with \`capri init\``,
    );
  }
  prepareDataDirectory(dataDirectory, undefined);
  becomeOwner(dataDirectory);
  const store = await openStore({ directory: dataDirectory, mutations: MUTATIONS, inline: true, freeSpaceMarkBytes: config.store.freeSpaceMarkBytes });
  const directory = openDirectory({
    store,
    log: silentLog,
    signIn: createSharedSignInState(),
    limits: signInLimits(config),
    helpUrl: config.server.signInHelpUrl,
  });
  const services: AdminServices = { store, clock: systemClock, log: silentLog, primaryDomain: domain, dataDirectory, ...siteServices(config) };
  return {
    services,
    async call(operation, input, signIn) {
      // The pause before a refusal holds no process that has nothing else to do.
      const awake = setInterval(() => undefined, 60_000);
      try {
        return await callOperation({ operations: OPERATIONS, services, directory }, { operation, input, signIn });
      } finally {
        clearInterval(awake);
      }
    },
    async [Symbol.asyncDispose]() {
      await directory[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

/** Where this user may not look, what follows says so. */
function isMissing(file: string): boolean {
  try {
    return fs.statSync(file, { throwIfNoEntry: false }) === undefined;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOTDIR';
  }
}
