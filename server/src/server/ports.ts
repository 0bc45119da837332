/** Finds out, before any thread listens, whether every port is free: SO_REUSEPORT would hide another program on it. */
import os from 'node:os';
import type { Config } from '#config/config.ts';
import { ConfigError } from '#config/read.ts';
import type { ConfiguredListener } from '#config/sections/listeners.ts';
import { probePort } from '#net/listener.ts';

/** One address of one listener. */
export interface Binding {
  readonly name: ConfiguredListener;
  readonly address: string;
  readonly port: number;
  readonly proxyFrom: readonly string[];
}

/** Every address to listen on. Without IPv6 on this machine, `::` beside other addresses is left out. */
export function bindings(config: Config): readonly Binding[] {
  const hasIpv6 = Object.values(os.networkInterfaces()).some((addresses) => addresses?.some(({ family }) => family === 'IPv6'));
  return [...config.listeners].flatMap(([name, { addresses, port, proxyFrom }]) => {
    const usable = hasIpv6 || addresses.length === 1 ? addresses : addresses.filter((address) => address !== '::');
    // `::` takes IPv4 clients too, so 0.0.0.0 beside it would be the same port twice.
    const distinct = usable.includes('::') ? usable.filter((address) => address !== '0.0.0.0') : usable;
    return distinct.map((address) => ({ name, address, port, proxyFrom }));
  });
}

/** Two listeners on one port would each get some of its clients. Throws ConfigError. */
export function checkDistinct(all: readonly Binding[]): void {
  const taken = new Map<string, string>();
  for (const { name, address, port } of all) {
    const other = taken.get(`${address} ${port}`);
    if (other !== undefined)
      throw new ConfigError(`[listeners.${other}] and [listeners.${name}] are both on ${address} port ${port}; give one of them another port`);
    taken.set(`${address} ${port}`, name);
  }
}

/** Throws with one clear line for the first port that cannot be had. */
export async function probePorts(all: readonly Binding[]): Promise<void> {
  for (const { name, address, port } of all) await probePort(name, address, port);
}
