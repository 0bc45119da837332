/** Every operation, by name. A new one adds its line here, and its command in cli/commands/. */
import { accountOperations } from './accounts.ts';
import { aliasOperations } from './aliases.ts';
import { domainDnsOperations } from './domain-dns.ts';
import { domainOperations } from './domains.ts';
import { forwardOperations } from './forwards.ts';
import { ownForwardOperations } from './own-forwards.ts';
import { ownOperations } from './own.ts';
import { suppressionOperations } from './queue-suppressions.ts';
import { queueOperations } from './queue.ts';
import type { AnyOperation } from './operation.ts';
import { sentReportOperations } from './reports-sent.ts';
import { reportOperations } from './reports.ts';
import { sendingOperations } from './sending.ts';
import { trailOperations } from './trail.ts';

export const OPERATIONS: ReadonlyMap<string, AnyOperation> = new Map(
  [
    ...domainOperations,
    ...domainDnsOperations,
    ...accountOperations,
    ...aliasOperations,
    ...forwardOperations,
    ...queueOperations,
    ...suppressionOperations,
    ...sendingOperations,
    ...reportOperations,
    ...sentReportOperations,
    ...trailOperations,
    ...ownForwardOperations,
    ...ownOperations,
  ].map((operation) => [operation.name, operation]),
);
