import { type Node, table } from '../node.ts';
import { choice, count } from '../values.ts';

export interface SendingLimitsConfig {
  readonly recipientsPerHour: number;
  readonly recipientsPerDay: number;
  readonly onHold: 'keep' | 'refuse';
  readonly holdPoints: number;
  readonly newRecipients: number;
  readonly refusedRecipients: number;
  readonly refusedPercent: number;
  readonly rateFactor: number;
  readonly complaints: number;
}

export function sendingLimitsSection(): Node<SendingLimitsConfig> {
  return table<SendingLimitsConfig>('How much one account may send, and when its sending is put on hold, so that a stolen password brings no flood of spam.', {
    recipientsPerHour: [
      'recipients_per_hour',
      count({ about: 'Recipients in any 60 minutes; `capri account set` gives one account another limit. 0: no limit.', standard: 500 }),
    ],
    recipientsPerDay: ['recipients_per_day', count({ about: 'Recipients in any 24 hours. 0: no limit.', standard: 2000 })],
    onHold: [
      'on_hold',
      choice(['keep', 'refuse'], {
        about: 'What becomes of mail that an account on hold submits: "keep" accepts it and holds it in the queue, "refuse" refuses it (550 5.7.1).',
        standard: 'keep',
      }),
    ],
    holdPoints: [
      'hold_points',
      count({ about: 'Points that put the sending of an account on hold; which signs give how many is in docs/sending-limits.md. 0: never.', standard: 100 }),
    ],
    newRecipients: [
      'new_recipients',
      count({ about: 'Recipients whom the account has never written to, in an hour or two, that are a sign. 0: no sign.', standard: 100 }),
    ],
    refusedRecipients: [
      'refused_recipients',
      count({ about: 'Recipients refused for good by other servers, in an hour or two, that are a sign. 0: no sign.', standard: 20 }),
    ],
    refusedPercent: ['refused_percent', count({ about: 'The share of all attempts that they must be.', standard: 20, maximum: 100 })],
    rateFactor: [
      'rate_factor',
      count({ about: 'How many times as many recipients as in the busiest hour of the last two weeks are a sign. 0: no sign.', standard: 10 }),
    ],
    complaints: ['complaints', count({ about: 'Reports of spam within a day that are a sign. 0: no sign.', standard: 3 })],
  });
}
