/** The writer's thread of the benchmark. */
import { runWriter } from '../../server/src/store/sqlite/run-writer.ts';
import { MUTATIONS } from '../../server/src/server/mutations.ts';
import { DELIVERY_MUTATIONS } from '../../server/src/delivery/mutations.ts';

runWriter([...new Set([...MUTATIONS, ...DELIVERY_MUTATIONS])]);
