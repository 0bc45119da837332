/** The mutations of this folder, for the writer's list. */
import type { AnyMutation } from '#store/sqlite/writer.ts';
import { setLimits } from './account-limits.ts';
import { complain } from './count-outcomes.ts';
import { countQuestion } from './count-question.ts';
import { endRelease, holdSending, releaseSending } from './hold.ts';
import { clearSuspects } from './suspects.ts';
import { tendSlice } from './tend.ts';

export const LIMIT_MUTATIONS: readonly AnyMutation[] = [setLimits, complain, countQuestion, holdSending, releaseSending, endRelease, clearSuspects, tendSlice];
