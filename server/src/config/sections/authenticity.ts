import { type Node, table } from '../node.ts';
import { choice, duration, flag, hostnames, networks } from '../values.ts';

export interface AuthenticityConfig {
  readonly enforcement: 'off' | 'observe' | 'enforce';
  readonly spfFail: 'accept' | 'quarantine' | 'reject';
  readonly trustedSealers: readonly string[];
  readonly trustedNetworks: readonly string[];
  readonly checksLmtp: boolean;
  readonly timeoutMs: number;
}

export function authenticitySection(): Node<AuthenticityConfig> {
  return table<AuthenticityConfig>('Checking where mail from other servers really comes from: SPF, DKIM, DMARC, ARC. See docs/authenticity.md.', {
    enforcement: [
      'enforcement',
      choice(['off', 'observe', 'enforce'], {
        about:
          '"enforce": forged mail is refused or goes to Junk; "observe": everything is checked and written down, and nothing comes of it; "off": nothing is checked.',
        standard: 'enforce',
      }),
    ],
    spfFail: [
      'spf_fail',
      choice(['accept', 'quarantine', 'reject'], {
        about: 'Mail whose SPF fails hard and whose author has no DMARC policy. Forwarded mail fails without any fault of its own.',
        standard: 'accept',
      }),
    ],
    trustedSealers: [
      'trusted_sealers',
      hostnames({ about: 'Domains whose ARC seal is believed: mailing lists and forwarders of your users, exactly these names.', standard: [] }),
    ],
    trustedNetworks: [
      'trusted_networks',
      networks({ about: 'Addresses and networks whose mail is not checked: your other servers.', standard: ['127.0.0.0/8', '::1'] }),
    ],
    checksLmtp: [
      'check_lmtp',
      flag({ about: 'Whether the signatures of mail that comes over LMTP are checked and written down; it is never refused for them.', standard: false }),
    ],
    timeoutMs: [
      'timeout',
      duration({
        about: 'How long the checks may keep a message waiting; what is not known then counts as a temporary error.',
        standard: '10s',
        minimum: '1s',
      }),
    ],
  });
}
