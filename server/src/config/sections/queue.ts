import { optionalTable, type Node, table, tables, type TableDoc } from '../node.ts';
import { choice, count, duration, durations, hostname, hostOrAddress, optionalFile, optionalText } from '../values.ts';

/** A server that takes mail from us instead of the recipient's own. */
export interface RelayConfig {
  readonly host: string;
  readonly port: number;
  /** `none`: only where the line is safe; `opportunistic`: if offered; `required`: checked against the host's name; `implicit`: from the first byte, checked. */
  readonly tls: 'none' | 'opportunistic' | 'required' | 'implicit';
  readonly login: string | undefined;
  readonly passwordFile: string | undefined;
}

export interface RouteConfig extends RelayConfig {
  /** A domain, `.domain` with everything below it. */
  readonly domain: string;
}

export interface QueueConfig {
  readonly retryDelaysMs: readonly number[];
  readonly giveUpAfterMs: number;
  readonly delayNoticeAfterMs: number;
  readonly connections: number;
  readonly connectionsPerDomain: number;
  readonly smarthost: RelayConfig | undefined;
  readonly routes: readonly RouteConfig[];
}

export function queueSection(base: string): Node<QueueConfig> {
  const relay = {
    host: ['host', hostOrAddress({ about: 'The server, a name or an address.', example: 'relay.example.net' })],
    port: ['port', count({ about: 'Its port.', standard: 25, minimum: 1, maximum: 65_535 })],
    tls: [
      'tls',
      choice(['none', 'opportunistic', 'required', 'implicit'], {
        about:
          '"opportunistic": TLS when it is offered; "required": STARTTLS with a valid certificate; "implicit": TLS from the first byte with a valid certificate; "none": never.',
        standard: 'opportunistic',
      }),
    ],
    login: ['login', optionalText({ about: 'The login, where it wants one; only with TLS.', example: 'customer17' })],
    passwordFile: ['password_file', optionalFile({ about: 'A file with the password in its first line.', example: '/etc/capri/relay-password' }, base)],
  } as const;
  const route: Node<RouteConfig> & { readonly doc: TableDoc } = table<RouteConfig>('', {
    domain: ['domain', hostname({ about: 'The domain.', example: 'partner.example' })],
    ...relay,
  });
  return table<QueueConfig>('Sending mail to other servers.', {
    retryDelaysMs: [
      'retry',
      durations({ about: 'Waiting times between attempts; the last one repeats.', standard: ['5m', '10m', '20m', '40m', '1h', '2h', '4h'] }),
    ],
    giveUpAfterMs: ['give_up_after', duration({ about: 'When a message is returned to its sender.', standard: '5d' })],
    delayNoticeAfterMs: ['delay_notice_after', duration({ about: 'When the sender is told that a message is late.', standard: '4h' })],
    connections: ['connections', count({ about: 'Connections to other servers at one time.', standard: 50, minimum: 1 })],
    connectionsPerDomain: ['connections_per_domain', count({ about: 'Connections to one domain at one time.', standard: 5, minimum: 1 })],
    smarthost: ['smarthost', optionalTable<RelayConfig>('A server that takes all mail for elsewhere. Not written: mail goes to the MX of each domain.', relay)],
    routes: ['routes', tables('Domains whose mail goes to a given server instead of their MX; goes before the smarthost.', route)],
  });
}
