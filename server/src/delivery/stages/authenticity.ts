/**
 * Mail from elsewhere: where it really comes from, what that means for it, and a field that tells its recipients.
 *
 * RFC 8601 §5 (Authentication-Results) · docs/authenticity.md
 */
import { isIP } from 'node:net';
import { formatAuthenticationResults } from '#authenticity/authentication-results.ts';
import type { Header } from '#message/header.ts';
import { parseMessageId } from '#message/message-id.ts';
import { NetworkList } from '#net/address.ts';
import { indirectSign } from '../checks/indirect.ts';
import { OriginChecks } from '../checks/origin-checks.ts';
import type { AuthenticitySettings } from '../checks/settings.ts';
import { trailChecks } from '../checks/trail-checks.ts';
import { decide } from '../decision.ts';
import { Refusal } from '../delivery.ts';
import { recordRefusal } from '../refusal.ts';
import type { Stage } from '../stage.ts';
import type { Transaction } from '../transaction.ts';

/** What was begun at MAIL. */
const begun = new WeakMap<Transaction, OriginChecks>();

export const authenticity: Stage = {
  name: 'authenticity',

  sender(transaction) {
    const { services, peer, sender } = transaction;
    const { resolver, settings, clock } = services;
    const isLmtp = peer.protocol.includes('LMTP');
    if (resolver === undefined || peer.identity !== undefined || !isChecked(settings.authenticity, peer.address, isLmtp)) return;
    const { timeoutMs } = settings.authenticity;
    const address = isLmtp ? undefined : peer.address;
    begun.set(transaction, new OriginChecks({ resolver, address, helo: peer.helo, sender, hostname: settings.hostname, nowMs: clock.nowMs(), timeoutMs }));
  },

  observe(transaction, header) {
    const checks = begun.get(transaction);
    if (checks === undefined) return undefined;
    if (header !== undefined) checks.header(header);
    return {
      body: (chunk) => {
        checks.body(chunk);
      },
      end: (message) => conclude(transaction, checks, header ?? message.header, header !== undefined),
    };
  },
};

async function conclude(transaction: Transaction, originChecks: OriginChecks, header: Header, isRead: boolean): Promise<void> {
  const { services, peer, sender } = transaction;
  const { authenticity: settings, hostname } = services.settings;
  const { checks, author } = await originChecks.finish();
  const indirect = checks.dmarc.result === 'fail' ? indirectSign(header, sender?.localPart) : undefined;
  const decision = decide({ checks, authorProblem: isRead ? author.problem : 'long-header', indirect }, settings);
  // Who hands over by LMTP has taken the message already: a refusal would become a bounce to somebody who may not have sent it.
  const isEnforced = settings.enforcement === 'enforce' && !peer.protocol.includes('LMTP');
  transaction.checks = checks;
  transaction.details['checks'] = trailChecks(checks, decision, isEnforced);
  transaction.addedFields += formatAuthenticationResults(hostname, checks, { address: peer.address, helo: peer.helo, sender });
  if (!isEnforced) return;
  transaction.isJunk = decision.action === 'quarantine';
  if (transaction.isJunk) for (const target of transaction.targets.local) target.mailbox = 'Junk';
  if (decision.action !== 'reject') return;
  const refusal = new Refusal(550, decision.enhanced, decision.text, decision.reasons.join(', '));
  await recordRefusal(transaction, refusal, parseMessageId(header.first('message-id')));
  throw refusal;
}

function isChecked(settings: AuthenticitySettings, address: string, isLmtp: boolean): boolean {
  if (settings.enforcement === 'off') return false;
  if (isLmtp) return settings.checksLmtp;
  return isIP(address) !== 0 && !networks(settings).has(address);
}

const lists = new WeakMap<AuthenticitySettings, NetworkList>();

function networks(settings: AuthenticitySettings): NetworkList {
  let list = lists.get(settings);
  if (list === undefined) lists.set(settings, (list = new NetworkList(settings.trustedNetworks)));
  return list;
}
