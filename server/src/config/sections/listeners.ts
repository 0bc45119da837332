import { named, type Node, table } from '../node.ts';
import { addresses, count, networks } from '../values.ts';

/** The listeners that this version can open, with their IANA ports. */
export const LISTENER_PORTS = { smtp: 25, submission: 587, submissions: 465, imap: 143, imaps: 993, pop3: 110, pop3s: 995, https: 443 } as const;

/** A name that `[listeners]` may hold: the IANA service name. */
export type ConfiguredListener = keyof typeof LISTENER_PORTS;

export interface ListenerConfig {
  readonly addresses: readonly string[];
  readonly port: number;
  readonly proxyFrom: readonly string[];
}

const MEANING: Readonly<Record<ConfiguredListener, string>> = {
  smtp: 'Mail from other servers. STARTTLS is offered; nobody signs in here.',
  submission: 'Mail from the programs of users, TLS by STARTTLS.',
  submissions: 'Mail from the programs of users, TLS from the first byte.',
  imap: 'Reading mail over IMAP, TLS by STARTTLS.',
  imaps: 'Reading mail over IMAP, TLS from the first byte.',
  pop3: 'Fetching mail over POP3, TLS by STLS.',
  pop3s: 'Fetching mail over POP3, TLS from the first byte.',
  https: 'The MTA-STS policy of the domains here, at https://mta-sts.DOMAIN.',
};

export function listenersSection(): Node<ReadonlyMap<ConfiguredListener, ListenerConfig>> {
  return named(
    'The ports that are open. A listener is open when its table is here, and closed when it is not.',
    Object.keys(LISTENER_PORTS) as ConfiguredListener[],
    (name) =>
      table<ListenerConfig>(MEANING[name], {
        addresses: ['addresses', addresses({ about: 'Local addresses to listen on.', standard: ['0.0.0.0', '::'] })],
        port: ['port', count({ about: 'The port.', standard: LISTENER_PORTS[name], minimum: 1, maximum: 65_535 })],
        proxyFrom: [
          'proxy_from',
          networks({
            about: 'Proxies whose PROXY protocol header (version 1 or 2) is believed. From these, every connection must begin with one.',
            standard: [],
          }),
        ],
      }),
  );
}
