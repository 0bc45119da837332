/** What is shown of a forward. */
import { z } from 'zod';
import type { Forward } from '#directory/forwards.ts';

export interface ShownForward {
  readonly login: string;
  /** The address whose mail is forwarded; null: all mail of the account. */
  readonly address: string | null;
  readonly target: string;
  readonly keepsCopy: boolean;
  readonly state: Forward['state'];
  readonly confirmedAt: string | null;
  readonly pausedAt: string | null;
  /** Messages in a row that the target has refused. */
  readonly failures: number;
  readonly lastHost: string | null;
  readonly lastReply: string | null;
}

export const shownForward: z.ZodType<ShownForward> = z.object({
  login: z.string(),
  address: z.string().nullable(),
  target: z.string(),
  keepsCopy: z.boolean(),
  state: z.enum(['pending', 'active', 'paused']),
  confirmedAt: z.string().nullable(),
  pausedAt: z.string().nullable(),
  failures: z.number(),
  lastHost: z.string().nullable(),
  lastReply: z.string().nullable(),
});

export function showForward(forward: Forward, login: string): ShownForward {
  const { source, target, keepsCopy, state, confirmedAtMs, pausedAtMs, failures, lastHost = null, lastReply = null } = forward;
  const time = (ms: number | undefined): string | null => (ms === undefined ? null : new Date(ms).toISOString());
  const address = source === '' ? null : source;
  return { login, address, target, keepsCopy, state, confirmedAt: time(confirmedAtMs), pausedAt: time(pausedAtMs), failures, lastHost, lastReply };
}
