/** What the configuration says about sending, checked as a whole and with the files that it names read: as root, before that is given up. */
import fs from 'node:fs';
import os from 'node:os';
import type { Config } from '#config/config.ts';
import type { QueueConfig, RelayConfig, RouteConfig, SourceConfig } from '#config/sections/queue.ts';
import { DomainError } from '#core/errors.ts';
import { DEFAULT_QUEUE_SETTINGS, type QueueSettings, type Route } from '#queue/settings.ts';
import type { Relay, Source } from '#queue/transport.ts';

/** Throws `bad-request` with one clear line. */
export function queueSettings(config: Config): QueueSettings {
  const { smarthost, routes, retryDelaysMs, giveUpAfterMs, delayNoticeAfterMs, connections, connectionsPerDomain, destinations, senders } = config.queue;
  const { suppressAfterBounces, suppressForMs } = config.queue;
  const addresses = ownAddresses();
  refuseTwins(config.queue);
  return {
    ...DEFAULT_QUEUE_SETTINGS,
    retryDelaysMs,
    giveUpAfterMs,
    delayNoticeAfterMs,
    connections,
    connectionsPerDomain,
    destinations,
    senders,
    hostname: config.smtp.hostname ?? config.server.hostname,
    domain: config.server.domain,
    suppression: { afterBounces: suppressAfterBounces, forMs: suppressForMs },
    source: sourceOf(config.queue, 'queue', addresses),
    smarthost: smarthost && relayOf(smarthost),
    routes: [...routes.map((route, index) => routeOf(route, index, addresses)), ...smarthostRoute(smarthost, addresses)],
  };
}

function routeOf(route: RouteConfig, index: number, addresses: ReadonlySet<string>): Route {
  const { domain, sender, account, host, login, passwordFile, port, tls, sourceIpv4, sourceIpv6, helo } = route;
  const name = `queue.routes[${index}]`;
  if (domain === undefined && sender === undefined && account === undefined)
    throw new DomainError('bad-request', `${name} fits everything: say domain, sender or account, or write [queue.smarthost]`);
  const source = sourceOf(route, name, addresses);
  if (host === undefined) {
    if (login !== undefined || passwordFile !== undefined) throw new DomainError('bad-request', `${name} has a login and no host to sign in to`);
    if (source === undefined) throw new DomainError('bad-request', `${name} changes nothing: say host, source_ipv4, source_ipv6 or helo`);
  }
  const relay = host === undefined ? undefined : relayOf({ host, port, tls, login, passwordFile, sourceIpv4, sourceIpv6, helo });
  return { domain, sender, account, relay, source };
}

/** A smarthost with an address or name of its own is a route that everything else goes by. */
function smarthostRoute(smarthost: RelayConfig | undefined, addresses: ReadonlySet<string>): readonly Route[] {
  const source = smarthost && sourceOf(smarthost, 'queue.smarthost', addresses);
  return smarthost && source ? [{ relay: relayOf(smarthost), source }] : [];
}

function sourceOf({ sourceIpv4, sourceIpv6, helo }: SourceConfig, name: string, addresses: ReadonlySet<string>): Source | undefined {
  for (const address of [sourceIpv4, sourceIpv6])
    if (address !== undefined && !address.startsWith('127.') && !addresses.has(address))
      throw new DomainError('bad-request', `${name} wants to send from ${address}, which is no address of this machine; it has ${[...addresses].join(', ')}`);
  return sourceIpv4 === undefined && sourceIpv6 === undefined && helo === undefined ? undefined : { ipv4: sourceIpv4, ipv6: sourceIpv6, helo };
}

function ownAddresses(): ReadonlySet<string> {
  return new Set(Object.values(os.networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({ address }) => address)));
}

function relayOf({ host, port, tls, login, passwordFile }: RelayConfig): Relay {
  if ((login === undefined) !== (passwordFile === undefined))
    throw new DomainError('bad-request', `the relay ${host} needs both login and password_file, or neither`);
  if (login !== undefined && (tls === 'none' || tls === 'opportunistic')) {
    throw new DomainError('bad-request', `the relay ${host} has a login, which is only sent where TLS is certain; set tls = "required" or "implicit"`);
  }
  return { host, port, tls, login, password: passwordFile === undefined ? undefined : readPassword(passwordFile) };
}

function readPassword(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8').split(/\r?\n/)[0] ?? '';
  } catch (error) {
    throw new DomainError('bad-request', `the password file ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Two entries for the same mail: nobody could say which one holds. */
function refuseTwins({ routes, destinations, senders }: QueueConfig): void {
  refuse(
    'queue.routes',
    routes.map(({ domain, sender, account }) => [domain, sender, account].map((part) => part ?? 'any').join(' ')),
  );
  refuse(
    'queue.destinations',
    destinations.map(({ domain }) => domain),
  );
  refuse(
    'queue.senders',
    senders.map(({ domain }) => domain),
  );
}

function refuse(name: string, keys: readonly string[]): void {
  const twin = keys.find((key, index) => keys.indexOf(key) !== index);
  if (twin !== undefined) throw new DomainError('bad-request', `${name} has two entries for ${twin}`);
}
