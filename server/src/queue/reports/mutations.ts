/** The mutations of this folder, for the writer's list. */
import type { AnyMutation } from '#store/sqlite/writer.ts';
import { noteDay, queueReport } from './sent.ts';

export const REPORT_MUTATIONS: readonly AnyMutation[] = [queueReport, noteDay];
