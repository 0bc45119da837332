/** Every operation, by name. A new one adds its line here, and its command in cli/commands/. */
import { accountOperations } from './accounts.ts';
import { aliasOperations } from './aliases.ts';
import { domainDnsOperations } from './domain-dns.ts';
import { domainOperations } from './domains.ts';
import { forwardOperations } from './forwards.ts';
import { queueOperations } from './queue.ts';
import type { AnyOperation } from './operation.ts';
import { sendingOperations } from './sending.ts';

export const OPERATIONS: ReadonlyMap<string, AnyOperation> = new Map(
  [...domainOperations, ...domainDnsOperations, ...accountOperations, ...aliasOperations, ...forwardOperations, ...queueOperations, ...sendingOperations].map((operation) => [
    operation.name,
    operation,
  ]),
);
