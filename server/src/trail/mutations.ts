/** The mutations of this room, for the writer's list. */
import type { AnyMutation } from '#store/sqlite/writer.ts';
import { indexTrailSlice } from './index-trail.ts';
import { appendBy, copyBy, deleteMailboxBy, expungeBy, markDeletedBy, moveBy } from './mail-changes.ts';
import { pruneTrailSlice } from './prune.ts';

export const TRAIL_MUTATIONS: readonly AnyMutation[] = [indexTrailSlice, pruneTrailSlice, appendBy, copyBy, moveBy, expungeBy, markDeletedBy, deleteMailboxBy];
