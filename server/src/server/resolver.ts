/** The DNS as this thread asks it: its own sockets and its own memory of answers. */
import type { Config } from '#config/config.ts';
import { systemClock } from '#core/clock.ts';
import { StubResolver } from '#net/dns/stub-resolver.ts';
import { parseServer, systemServers } from '#net/dns/system-servers.ts';

/** Asks the servers of `[dns]`, or those of the system. */
export async function makeResolver({ dns }: Config): Promise<StubResolver> {
  const servers = dns.servers.length > 0 ? dns.servers.map(parseServer) : await systemServers();
  return new StubResolver({ servers, clock: systemClock, trustsAuthenticData: dns.trustsAuthenticData });
}
