/** `[sending_limits]` as the queue's limits want it. */
import type { Config } from '#config/config.ts';
import type { SendingLimits } from '#queue/limits/settings.ts';

export function sendingLimits({ sendingLimits: { recipientsPerHour, recipientsPerDay, onHold, holdPoints, ...signs } }: Config): SendingLimits {
  return { recipientsPerHour, recipientsPerDay, onHold, hold: { points: holdPoints, ...signs } };
}
