/** Finds out who asks, finds an operation by its name, and does it. */
import { ADMINISTRATOR, type Caller } from '#admin/caller.ts';
import type { AdminServices, AnyOperation } from '#admin/operation.ts';
import { DomainError } from '#core/errors.ts';
import { type Directory, SignInRefused } from '#directory/directory.ts';

export interface OperationRequest {
  readonly operation: string;
  readonly input: unknown;
  /** The user who asks; left out: the administrator, for nobody else gets this far. */
  readonly signIn?: Credentials | undefined;
}

export interface Credentials {
  readonly login: string;
  readonly password: string;
}

export interface OperationHouse {
  readonly operations: ReadonlyMap<string, AnyOperation>;
  readonly services: AdminServices;
  readonly directory: Pick<Directory, 'signInWithPassword'>;
}

/** Throws DomainError: `sign-in-refused`, `bad-request` for a name that this version does not have, and what the operation throws. */
export async function callOperation(house: OperationHouse, { operation: name, input, signIn }: OperationRequest): Promise<unknown> {
  const caller = signIn === undefined ? ADMINISTRATOR : await callerOf(house.directory, signIn);
  const operation = house.operations.get(name);
  if (operation === undefined) throw new DomainError('bad-request', `this server has no operation ${name}; is it of another version?`);
  return await operation.call(house.services, caller, input);
}

/** The way of the doors, with their limits, delays and refusals: whoever reaches the control socket gets no better chance to guess a password. */
async function callerOf(directory: OperationHouse['directory'], { login, password }: Credentials): Promise<Caller> {
  try {
    const identity = await directory.signInWithPassword(login, password, { listener: 'control', remoteAddress: '127.0.0.1', connectionId: 'control' });
    return { kind: 'account', identity };
  } catch (error) {
    if (error instanceof SignInRefused) throw new DomainError('sign-in-refused', error.message);
    throw error;
  }
}
