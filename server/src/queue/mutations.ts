/** The mutations of this room, for the writer's list. */
import type { AnyMutation } from '#store/sqlite/writer.ts';
import { accountSlice, holdAccount, releaseAccount } from './hold.ts';
import { claim, freeLeases, renew } from './leases.ts';
import { LIMIT_MUTATIONS } from './limits/mutations.ts';
import { REPORT_MUTATIONS } from './reports/mutations.ts';
import { dropQueued, holdQueued, releaseQueued, retryQueued } from './operate.ts';
import { settle } from './settle.ts';
import { addSuppression, pruneSuppressions, removeSuppression } from './suppression.ts';

export const QUEUE_MUTATIONS: readonly AnyMutation[] = [
  claim,
  renew,
  freeLeases,
  settle,
  holdQueued,
  releaseQueued,
  retryQueued,
  dropQueued,
  holdAccount,
  releaseAccount,
  accountSlice,
  addSuppression,
  removeSuppression,
  pruneSuppressions,
  ...LIMIT_MUTATIONS,
  ...REPORT_MUTATIONS,
];
