import net from 'node:net';
import { z } from 'zod';
import { optionalTable, type Node, setting, table, tables, type TableDoc } from '../node.ts';
import { choice, count, duration, durations, hostOrAddress, optionalFile, optionalHostname, optionalText, parseDuration, parseHostname } from '../values.ts';

/** From where and under which name connections are made. */
export interface SourceConfig {
  readonly sourceIpv4: string | undefined;
  readonly sourceIpv6: string | undefined;
  /** The name in EHLO. */
  readonly helo: string | undefined;
}

/** A server that takes mail from us instead of the recipient's own. */
export interface RelayConfig extends SourceConfig {
  readonly host: string;
  readonly port: number;
  /** `none`: only where the line is safe; `opportunistic`: if offered; `required`: checked against the host's name; `implicit`: from the first byte, checked. */
  readonly tls: 'none' | 'opportunistic' | 'required' | 'implicit';
  readonly login: string | undefined;
  readonly passwordFile: string | undefined;
}

/** What is not written holds for all. */
export interface RouteConfig extends Omit<RelayConfig, 'host'> {
  /** A domain, `.domain` with everything below it. */
  readonly domain: string | undefined;
  /** An address, a domain, or `.domain`. */
  readonly sender: string | undefined;
  /** A login. */
  readonly account: string | undefined;
  /** Undefined: the recipient's own servers. */
  readonly host: string | undefined;
}

/** What differs for one destination. */
export interface DestinationConfig {
  readonly domain: string;
  readonly connections: number | undefined;
  readonly messagesPerConnection: number | undefined;
  readonly recipientsPerMessage: number | undefined;
  readonly intervalMs: number | undefined;
  readonly delayNoticeAfterMs: number | undefined;
}

export interface SenderConfig {
  readonly domain: string;
  readonly delayNoticeAfterMs: number;
}

export interface QueueConfig extends SourceConfig {
  readonly retryDelaysMs: readonly number[];
  readonly giveUpAfterMs: number;
  readonly delayNoticeAfterMs: number;
  readonly connections: number;
  readonly connectionsPerDomain: number;
  /** Submitted mail can be held back for so long (FUTURERELEASE); 0: not at all. */
  readonly futureReleaseMs: number;
  readonly suppressAfterBounces: number;
  readonly suppressForMs: number;
  readonly smarthost: RelayConfig | undefined;
  readonly routes: readonly RouteConfig[];
  readonly destinations: readonly DestinationConfig[];
  readonly senders: readonly SenderConfig[];
}

export function queueSection(base: string): Node<QueueConfig> {
  const source = {
    sourceIpv4: [
      'source_ipv4',
      optionalAddress(4, { about: 'The address of this machine for connections over IPv4; else the system chooses.', example: '192.0.2.10' }),
    ],
    sourceIpv6: ['source_ipv6', optionalAddress(6, { about: 'The same for IPv6.', example: '2001:db8::10' })],
    helo: ['helo', optionalHostname({ about: "The name in EHLO; else the server's.", example: 'out.example.org' })],
  } as const;
  const relay = {
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
    ...source,
  } as const;
  const smarthostHost = { host: ['host', hostOrAddress({ about: 'The server, a name or an address.', example: 'relay.example.net' })] } as const;
  const route: Node<RouteConfig> & { readonly doc: TableDoc } = table<RouteConfig>('', {
    domain: ['domain', optionalDomain({ about: "The recipient's domain, or .domain for everything below it.", example: 'partner.example' })],
    sender: ['sender', optionalSender({ about: 'The sender: an address, a domain, or .domain for everything below it.', example: 'news.example.org' })],
    account: ['account', optionalText({ about: 'The login of the account that sends.', example: 'jan' })],
    host: ['host', optionalHost({ about: "The server, a name or an address; else the recipient's own servers.", example: 'relay.example.net' })],
    ...relay,
  });
  const destination: Node<DestinationConfig> & { readonly doc: TableDoc } = table<DestinationConfig>('', {
    domain: ['domain', domainPattern({ about: 'The domain, .domain for everything below it, or the host of a relay.', example: 'example.com' })],
    connections: ['connections', optionalCount({ about: 'Connections at one time.', maximum: 1000 })],
    messagesPerConnection: ['messages_per_connection', optionalCount({ about: 'Messages over one connection.', maximum: 100_000 })],
    recipientsPerMessage: ['recipients_per_message', optionalCount({ about: 'Recipients in one transaction; others follow in the next.', maximum: 1000 })],
    intervalMs: ['interval', optionalDuration({ about: 'From the beginning of one message to that of the next.', example: '2s' })],
    delayNoticeAfterMs: ['delay_notice_after', optionalDuration({ about: 'When the sender is told that a message to there is late.', example: '12h' })],
  });
  const sender: Node<SenderConfig> & { readonly doc: TableDoc } = table<SenderConfig>('', {
    domain: ['domain', domainPattern({ about: "The sender's domain, or .domain for everything below it.", example: 'example.org' })],
    delayNoticeAfterMs: ['delay_notice_after', duration({ about: 'When the sender is told that a message is late.', standard: '4h' })],
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
    futureReleaseMs: [
      'future_release',
      duration({ about: 'How long a program may ask for a submitted message to be held back (FUTURERELEASE); "0s": not at all.', standard: '30d' }),
    ],
    suppressAfterBounces: [
      'suppress_after',
      count({ about: 'Refusals of an address for good after which an account writes to it no more for a time; 0: never.', standard: 3, maximum: 1000 }),
    ],
    suppressForMs: ['suppress_for', duration({ about: 'How long such an address is not written to.', standard: '30d', minimum: '1h' })],
    ...source,
    smarthost: [
      'smarthost',
      optionalTable<RelayConfig>('A server that takes all mail for elsewhere. Not written: mail goes to the MX of each domain.', {
        ...smarthostHost,
        ...relay,
      }),
    ],
    routes: [
      'routes',
      tables('Mail of some domains or senders that goes to a given server, or from another address of this machine; goes before the smarthost.', route),
    ],
    destinations: ['destinations', tables('How fast mail goes to some domains.', destination)],
    senders: ['senders', tables("What holds for some senders' domains.", sender)],
  });
}

interface Told {
  readonly about: string;
  readonly example: string;
}

/** A domain in lower-case A-labels, or with a dot in front everything below it. */
function domainPattern({ about, example }: Told): Node<string> {
  return setting(patternSchema(), undefined, { about, form: 'a domain, such as "example.org" or ".example.org"', example: JSON.stringify(example) });
}

function optionalDomain({ about, example }: Told): Node<string | undefined> {
  return setting<string | undefined>(patternSchema(), NOTHING, {
    about,
    form: 'a domain, such as "example.org" or ".example.org"',
    example: JSON.stringify(example),
  });
}

function patternSchema(): z.ZodType<string> {
  return checked(domainOf);
}

function optionalSender({ about, example }: Told): Node<string | undefined> {
  const schema = checked((text) => {
    const at = text.lastIndexOf('@');
    if (at < 0) return domainOf(text);
    const domain = parseHostname(text.slice(at + 1));
    return domain === undefined || at === 0 ? undefined : `${text.slice(0, at).toLowerCase()}@${domain}`;
  });
  return setting<string | undefined>(schema, NOTHING, {
    about,
    form: 'an address or a domain, such as "jan@example.org" or ".example.org"',
    example: JSON.stringify(example),
  });
}

function optionalHost({ about, example }: Told): Node<string | undefined> {
  const schema = checked((text) => (net.isIP(text) === 0 ? parseHostname(text) : text));
  return setting<string | undefined>(schema, NOTHING, {
    about,
    form: 'a host name or an address, such as "mail.example.org"',
    example: JSON.stringify(example),
  });
}

function optionalAddress(family: 4 | 6, { about, example }: Told): Node<string | undefined> {
  const schema = checked((text) => (net.isIP(text) === family ? text : undefined));
  return setting<string | undefined>(schema, NOTHING, { about, form: `an IPv${family} address, such as "${example}"`, example: JSON.stringify(example) });
}

function optionalDuration({ about, example }: Told): Node<number | undefined> {
  const schema: z.ZodType<number | undefined> = z
    .string()
    .refine((text) => parseDuration(text) !== undefined)
    .transform((text) => parseDuration(text));
  return setting(schema, NOTHING, { about, form: 'a time, such as "30s", "5m", "12h" or "7d"', example: JSON.stringify(example) });
}

function optionalCount({ about, maximum }: { readonly about: string; readonly maximum: number }): Node<number | undefined> {
  const schema: z.ZodType<number | undefined> = z.int().min(1).max(maximum);
  return setting(schema, NOTHING, { about, form: `a whole number from 1 to ${maximum}`, example: '10' });
}

const NOTHING = { value: undefined } as const;

function domainOf(text: string): string | undefined {
  const isBelow = text.startsWith('.');
  const domain = parseHostname(isBelow ? text.slice(1) : text);
  return domain === undefined ? undefined : `${isBelow ? '.' : ''}${domain}`;
}

/** A zod schema of a reading that answers undefined for what it does not understand. */
function checked(read: (text: string) => string | undefined): z.ZodType<string> {
  return z
    .string()
    .refine((text) => read(text) !== undefined)
    .transform((text) => read(text) ?? text);
}
