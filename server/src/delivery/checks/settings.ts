/** What the administrator can set about checking where mail comes from. docs/authenticity.md */

export interface AuthenticitySettings {
  /** `off`: nothing is checked. `observe`: checked and written down, and the mail is taken as if everything had passed. `enforce`: decisions are carried out. */
  readonly enforcement: 'off' | 'observe' | 'enforce';
  /** What a hard SPF fail alone means, where DMARC has no say. */
  readonly spfFail: 'accept' | 'quarantine' | 'reject';
  /** Domains whose ARC seal is believed: lower case, exactly these. */
  readonly trustedSealers: readonly string[];
  /** Addresses and networks whose mail is not checked: servers that have checked it themselves. */
  readonly trustedNetworks: readonly string[];
  /** Whether mail over LMTP is checked: its signatures, for the address it came from is not known. Never acted upon. */
  readonly checksLmtp: boolean;
  /** How long the checks may keep a message waiting at its end. */
  readonly timeoutMs: number;
}

export const DEFAULT_AUTHENTICITY_SETTINGS: AuthenticitySettings = {
  enforcement: 'enforce',
  spfFail: 'accept',
  trustedSealers: [],
  trustedNetworks: ['127.0.0.0/8', '::1'],
  checksLmtp: false,
  timeoutMs: 10_000,
};
