/** What the settings say about one destination or one sender: the rule for the domain itself, else the nearest above it, else what holds for all. */
import { keysOf } from './routing.ts';
import type { DestinationLimits, DestinationRule, QueueSettings, SenderRule } from './settings.ts';
import type { Destination } from './transport.ts';

/** RFC 5321 §4.5.3.1.8: a server must take 100. */
const RECIPIENTS_PER_MESSAGE = 100;
/** A session is not kept for ever, so that changes (DNS, certificates) are seen and the server's patience is not tried. */
const MESSAGES_PER_CONNECTION = 1000;
/** A relay of our own takes more connections than a stranger. */
const RELAY_CONNECTIONS = 20;

export interface DestinationRules {
  limitsOf(destination: Destination, domain: string): DestinationLimits;
  delayNoticeAfterMs(sender: string, domain: string): number;
}

export function makeRules(
  settings: Pick<QueueSettings, 'destinations' | 'senders' | 'connections' | 'connectionsPerDomain' | 'delayNoticeAfterMs'>,
): DestinationRules {
  const { connections, connectionsPerDomain } = settings;
  const destinations = new Map(settings.destinations.map((rule) => [rule.domain, rule]));
  const senders = new Map(settings.senders.map((rule) => [rule.domain, rule]));
  return {
    limitsOf(destination, domain) {
      const isRelay = destination.kind === 'relay';
      const rule = ruleFor<DestinationRule>(destinations, isRelay ? destination.relay.host : domain);
      const usual = isRelay ? Math.max(connectionsPerDomain, RELAY_CONNECTIONS) : connectionsPerDomain;
      return {
        connections: Math.min(rule?.connections ?? usual, connections),
        messagesPerConnection: rule?.messagesPerConnection ?? MESSAGES_PER_CONNECTION,
        recipientsPerMessage: rule?.recipientsPerMessage ?? RECIPIENTS_PER_MESSAGE,
        intervalMs: rule?.intervalMs ?? 0,
      };
    },
    delayNoticeAfterMs(sender, domain) {
      const bySender = ruleFor<SenderRule>(senders, sender.slice(sender.lastIndexOf('@') + 1).toLowerCase());
      return bySender?.delayNoticeAfterMs ?? ruleFor<DestinationRule>(destinations, domain)?.delayNoticeAfterMs ?? settings.delayNoticeAfterMs;
    },
  };
}

function ruleFor<Rule>(rules: ReadonlyMap<string, Rule>, domain: string): Rule | undefined {
  if (rules.size === 0) return undefined;
  for (const key of keysOf(domain)) {
    const rule = rules.get(key);
    if (rule) return rule;
  }
  return undefined;
}
