/** The mutations of this folder, for the writer's list. */
import type { AnyMutation } from '#store/sqlite/writer.ts';
import { beginPost, settlePost } from './https/rows.ts';
import { keepReports, pruneReports } from './keep.ts';
import { noteDay, queueReport } from './sent.ts';

export const REPORT_MUTATIONS: readonly AnyMutation[] = [queueReport, beginPost, settlePost, noteDay, keepReports, pruneReports];
