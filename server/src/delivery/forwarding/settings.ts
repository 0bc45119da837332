/** What the administrator can set about forwarding. */
export interface ForwardingSettings {
  /** The primary domain: where codes are sent back to. Undefined: they are only given on the command line. */
  readonly domain: string | undefined;
  /** The domain of rewritten senders; undefined: the primary one, and the host name where there is none. */
  readonly srsDomain: string | undefined;
  /** Days for which a rewritten sender leads back. */
  readonly srsDays: number;
}

export const DEFAULT_FORWARDING_SETTINGS: ForwardingSettings = { domain: undefined, srsDomain: undefined, srsDays: 21 };
