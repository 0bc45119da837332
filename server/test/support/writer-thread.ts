/** A writer's thread with the store's own mutations, for tests and benchmarks of the store alone. */
import { STORE_MUTATIONS } from '#store/mutations.ts';
import { runWriter } from '#store/sqlite/run-writer.ts';

runWriter(STORE_MUTATIONS);
