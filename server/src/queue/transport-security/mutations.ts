/** The mutations of this room, for the writer's list. */
import type { AnyMutation } from '#store/sqlite/writer.ts';
import { forgetExpiredPolicies, keepPolicy } from './policy-rows.ts';
import { countTlsSessions, removeTlsResults } from './tls-results.ts';

export const TRANSPORT_SECURITY_MUTATIONS: readonly AnyMutation[] = [keepPolicy, forgetExpiredPolicies, countTlsSessions, removeTlsResults];
