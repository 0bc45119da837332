/** The worker file of the writer: the store's writer with the mutations of all rooms. */
import { runWriter } from '#store/sqlite/run-writer.ts';
import { MUTATIONS } from './mutations.ts';

runWriter(MUTATIONS);
