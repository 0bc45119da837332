/**
 * A connection to whichever address of a host answers first. Each has a head start over the next: a path that loses packets (IPv6 without a way out) costs a
 * moment, not a time-out, and the address that stands first is used whenever it works.
 *
 * RFC 8305 §5
 */
import { NetError } from '#net/connection.ts';
import { connectTo, type OutgoingConnection } from '#net/outgoing-connection.ts';
import type { Source } from '#queue/transport.ts';

const HEAD_START_MS = 1000;

export interface ConnectOptions {
  readonly port: number;
  readonly source: Source | undefined;
  readonly connectTimeoutMs: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Throws NetError when none answers: the first one's. */
export async function connectToAny(addresses: readonly string[], options: ConnectOptions): Promise<OutgoingConnection> {
  const { port, source, connectTimeoutMs, timeoutMs, signal } = options;
  const { promise, resolve, reject } = Promise.withResolvers<OutgoingConnection>();
  const failures: unknown[] = [];
  let begun = 0;
  let isDone = false;
  let timer: NodeJS.Timeout | undefined;
  const begin = (): void => {
    clearTimeout(timer);
    const address = addresses[begun];
    if (address === undefined || isDone) return;
    begun++;
    const localAddress = address.includes(':') ? source?.ipv6 : source?.ipv4;
    connectTo({ address, port, localAddress, connectTimeoutMs, timeoutMs, signal }).then(
      (connection) => {
        if (isDone) connection.destroy();
        isDone = true;
        resolve(connection);
      },
      (error: unknown) => {
        failures.push(error);
        if (failures.length === addresses.length) reject(failures[0] instanceof Error ? failures[0] : new NetError('closed'));
        else begin();
      },
    );
    timer = setTimeout(begin, HEAD_START_MS);
  };
  if (addresses.length === 0) throw new NetError('closed', 'no address that can be reached from here');
  begin();
  try {
    return await promise;
  } finally {
    isDone = true;
    clearTimeout(timer);
  }
}

/** The addresses to try from a given source: where it names an address of one family only, that family, unless the host has none of it. */
export function reachableFrom(addresses: readonly string[], source: Source | undefined): readonly string[] {
  if (!source || (source.ipv4 === undefined) === (source.ipv6 === undefined)) return addresses;
  const preferred = addresses.filter((address) => address.includes(':') === (source.ipv6 !== undefined));
  return preferred.length > 0 ? preferred : addresses;
}
