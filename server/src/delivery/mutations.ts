/** The mutations of this room, for the writer's list. */
import type { AnyMutation } from '#store/sqlite/writer.ts';
import { accept } from './accept.ts';
import { refuse } from './refusal.ts';

export const DELIVERY_MUTATIONS: readonly AnyMutation[] = [accept, refuse];
