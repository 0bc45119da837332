/**
 * Does an account send as if it were stolen? Points for what is unlike its owner; pure, so that each threshold can be tested and argued about.
 *
 * No single sign is enough unless it is a very strong one: a newsletter goes to many new people, a holiday brings a new network, an old list has dead addresses. A
 * stolen account shows several at once.
 */
import type { HoldThresholds } from './settings.ts';

/** What is known of an account's sending. Where nothing else is said: in the present clock hour and the one before. */
export interface Signals {
  /** Networks signed in from for the first time within the last day; 0 where the account has never had another. */
  readonly newNetworks: number;
  readonly recipients: number;
  /** Recipients elsewhere that the account had never written to. */
  readonly newRecipients: number;
  /** Recipients in the busiest hour of the two weeks before. */
  readonly usualRecipients: number;
  readonly delivered: number;
  /** Refused by other servers for good. */
  readonly refused: number;
  /** Reports of spam (ARF) within the last day. */
  readonly complaints: number;
}

export interface Finding {
  readonly sign: 'new-network' | 'new-recipients' | 'rate' | 'refusals' | 'complaints';
  readonly points: number;
  /** Networks, recipients, or complaints. */
  readonly count: number;
  /** What `count` is to be seen against: the usual recipients, or all attempts. */
  readonly of?: number;
}

export interface Score {
  readonly points: number;
  readonly findings: readonly Finding[];
}

/** Points at the threshold, and at three times the threshold. */
const POINTS = {
  'new-network': [40, 40],
  'new-recipients': [40, 60],
  rate: [30, 50],
  refusals: [60, 100],
  complaints: [60, 100],
} as const;

/** Nobody is taken to send less than this in an hour: ten times nothing is nothing. */
const USUAL_AT_LEAST = 10;

/** The points of all signs; more of a sign never gives fewer. */
export function scoreSending(signals: Signals, thresholds: HoldThresholds): Score {
  const { recipients, newRecipients, refused, delivered, complaints, newNetworks } = signals;
  const usual = Math.max(signals.usualRecipients, USUAL_AT_LEAST);
  const attempts = refused + delivered;
  const findings = [
    finding('new-network', newNetworks, 1),
    finding('new-recipients', newRecipients, thresholds.newRecipients),
    finding('rate', recipients, usual * thresholds.rateFactor, usual),
    refused * 100 >= attempts * thresholds.refusedPercent ? finding('refusals', refused, thresholds.refusedRecipients, attempts) : undefined,
    finding('complaints', complaints, thresholds.complaints),
  ].filter((one) => one !== undefined);
  return { points: findings.reduce((sum, { points }) => sum + points, 0), findings };
}

/** Whether the points are enough for a hold. */
export function isAlarming({ points }: Score, thresholds: HoldThresholds): boolean {
  return thresholds.points > 0 && points >= thresholds.points;
}

/** A threshold of 0 leaves the sign out. */
function finding(sign: Finding['sign'], count: number, threshold: number, of?: number): Finding | undefined {
  if (threshold <= 0 || count < threshold) return undefined;
  const [once, thrice] = POINTS[sign];
  return { sign, count, points: count >= 3 * threshold ? thrice : once, ...(of !== undefined && { of }) };
}
