/** Finds an operation by its name and does it. */
import type { AdminServices, AnyOperation } from '#admin/operation.ts';
import { DomainError } from '#core/errors.ts';

/** Throws DomainError: `bad-request` for a name that this version does not have. */
export async function callOperation(operations: ReadonlyMap<string, AnyOperation>, services: AdminServices, name: string, input: unknown): Promise<unknown> {
  const operation = operations.get(name);
  if (operation === undefined) throw new DomainError('bad-request', `this server has no operation ${name}; is it of another version?`);
  return await operation.call(services, input);
}
