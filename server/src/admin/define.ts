/** Makes operations, and small things that several of them need. */
import type { z } from 'zod';
import { DomainError } from '#core/errors.ts';
import { type AccountInfo, findAccount, findAccountByLogin } from '#directory/accounts.ts';
import { findOwner } from '#directory/addresses.ts';
import { normalizeAddress } from '#directory/names.ts';
import type { Program } from '#store/sql.ts';
import { requireAccountOf, requireAdministrator } from './caller.ts';
import type { AdminOperation, AnyOperation, UserOperation } from './operation.ts';

/** An operation of the administrator as it goes into the list: who asks and the input checked, its output just what it says. */
export function operation<Input, Output>(definition: AdminOperation<Input, Output>): AnyOperation {
  return {
    ...definition,
    async call(services, caller, input) {
      await services.store.query(requireAdministrator(caller));
      return definition.output.parse(await definition.run(services, checked(definition, input)));
    },
  };
}

/** One of users: the account is that of who asks, whatever the input says. */
export function ownOperation<Input, Output>(definition: UserOperation<Input, Output>): AnyOperation {
  return {
    ...definition,
    async call(services, caller, input) {
      const own = await services.store.query(requireAccountOf(caller));
      return definition.output.parse(await definition.run(services, checked(definition, input), own));
    },
  };
}

function checked<Input>({ name, input: shape }: { readonly name: string; readonly input: z.ZodType<Input> }, input: unknown): Input {
  const found = shape.safeParse(input);
  if (!found.success) throw new DomainError('bad-request', `${name}: ${shown(found.error)}`);
  return found.data;
}

function shown(error: z.ZodError): string {
  const [issue] = error.issues;
  return issue ? `${issue.path.length > 0 ? `${issue.path.join('.')}: ` : ''}${issue.message}` : 'the input does not fit';
}

/** The object without the properties that are undefined: what optional arguments want. */
export function given<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

/** The account that a login, or one of its addresses, names. Throws `account-not-found`. */
export function* accountNamed(name: string): Program<AccountInfo> {
  const owner = name.includes('@') ? yield* findOwner(normalizeAddress(name)) : undefined;
  const found = owner === undefined ? yield* findAccountByLogin(name) : yield* findAccount(owner);
  if (found === undefined) throw new DomainError('account-not-found', `there is no account ${name}; \`capri account list\` shows them all`);
  return found;
}
