/** The mutations of this room, for the writer's list. */
import type { AnyMutation } from '#store/sqlite/writer.ts';
import { pruneTrailAccount, pruneTrailKeys } from './prune.ts';

export const TRAIL_MUTATIONS: readonly AnyMutation[] = [pruneTrailAccount, pruneTrailKeys];
