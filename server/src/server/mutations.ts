/** Every mutation that the writer can be asked for, of all rooms (mutations.test.ts finds those that were forgotten). */
import { DELIVERY_MUTATIONS } from '#delivery/mutations.ts';
import { DIRECTORY_MUTATIONS } from '#directory/mutations.ts';
import { QUEUE_MUTATIONS } from '#queue/mutations.ts';
import { TRANSPORT_SECURITY_MUTATIONS } from '#queue/transport-security/mutations.ts';
import { STORE_MUTATIONS } from '#store/mutations.ts';
import type { AnyMutation } from '#store/sqlite/writer.ts';
import { TRAIL_MUTATIONS } from '#trail/mutations.ts';

export const MUTATIONS: readonly AnyMutation[] = [
  ...STORE_MUTATIONS,
  ...DIRECTORY_MUTATIONS,
  ...QUEUE_MUTATIONS,
  ...TRANSPORT_SECURITY_MUTATIONS,
  ...DELIVERY_MUTATIONS,
  ...TRAIL_MUTATIONS,
];
