/** Makes operations, and small things that several of them need. */
import type { z } from 'zod';
import { DomainError } from '#core/errors.ts';
import { type AccountInfo, findAccount, findAccountByLogin } from '#directory/accounts.ts';
import { findOwner } from '#directory/addresses.ts';
import { normalizeAddress } from '#directory/names.ts';
import type { Program } from '#store/sql.ts';
import type { AnyOperation, Operation } from './operation.ts';

/** An operation as it goes into the list: its input checked, its output just what it says. */
export function operation<Input, Output>(definition: Operation<Input, Output>): Operation<Input, Output> & AnyOperation {
  return {
    ...definition,
    async call(services, input) {
      const checked = definition.input.safeParse(input);
      if (!checked.success) throw new DomainError('bad-request', `${definition.name}: ${shown(checked.error)}`);
      return definition.output.parse(await definition.run(services, checked.data));
    },
  };
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
