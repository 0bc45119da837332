/** Which protocol speaks on which listener, and what each listener says to those it turns away. */
import type { Config } from '#config/config.ts';
import type { ConfiguredListener } from '#config/sections/listeners.ts';
import { systemClock } from '#core/clock.ts';
import { serveImap } from '#imap/serve.ts';
import type { Log } from '#log/log.ts';
import type { Connection } from '#net/connection.ts';
import { type ListenerOptions, type RefusalCause } from '#net/listener.ts';
import { RateLimiter, SharedCounts } from '#net/rate-limit.ts';
import type { TlsContexts } from '#net/tls-context.ts';
import { servePop3 } from '#pop3/serve.ts';
import { serveSmtp } from '#smtp/server/serve.ts';
import type { Binding } from './ports.ts';
import type { ThreadServices } from './services.ts';
import type { SharedMemory } from './shared-memory.ts';

type Listener = ConfiguredListener | 'lmtp';

interface Protocol {
  readonly implicitTls: boolean;
  readonly alpn?: string;
  readonly refuse: (cause: RefusalCause) => string;
  readonly serve: (connection: Connection, services: ThreadServices) => Promise<void>;
}

const smtp = {
  refuse: (cause: RefusalCause) => `421 4.7.0 ${TEXTS[cause]}\r\n`,
  serve: (connection: Connection, services: ThreadServices) => serveSmtp(connection, services.smtp),
};
const imap = {
  alpn: 'imap',
  refuse: (cause: RefusalCause) => `* BYE ${TEXTS[cause]}\r\n`,
  serve: (connection: Connection, services: ThreadServices) => serveImap(connection, services.imap),
};
const pop3 = {
  alpn: 'pop3',
  refuse: (cause: RefusalCause) => `-ERR [SYS/TEMP] ${TEXTS[cause]}\r\n`,
  serve: (connection: Connection, services: ThreadServices) => servePop3(connection, services.pop3),
};

/** A browser or sender that is turned away is so before TLS: nothing can be said to it. */
const https = {
  alpn: 'http/1.1',
  refuse: () => '',
  serve: (connection: Connection, services: ThreadServices) => services.http.serve(connection),
};

const TEXTS: Readonly<Record<RefusalCause, string>> = {
  'too-many-connections': 'Too many connections, try again later',
  'too-many-from-address': 'Too many connections from your address, try again later',
  'too-fast': 'Too many new connections from your address, try again later',
};

const PROTOCOLS: Readonly<Record<Listener, Protocol>> = {
  smtp: { ...smtp, implicitTls: false },
  submission: { ...smtp, implicitTls: false },
  submissions: { ...smtp, implicitTls: true },
  lmtp: { ...smtp, implicitTls: false },
  imap: { ...imap, implicitTls: false },
  imaps: { ...imap, implicitTls: true },
  pop3: { ...pop3, implicitTls: false },
  pop3s: { ...pop3, implicitTls: true },
  https: { ...https, implicitTls: true },
};

export interface DoorParts {
  readonly config: Config;
  readonly shared: SharedMemory;
  readonly tls: TlsContexts;
  readonly log: Log;
  /** The thread's place in the tables of connections. */
  readonly counts: SharedCounts;
  /** Clients that come before the store is open wait for this. */
  readonly services: Promise<ThreadServices>;
}

/** The options of a listener on a port. */
export function portListener(binding: Binding, parts: DoorParts): ListenerOptions {
  const { limits } = parts.config;
  const unlimited = Number.MAX_SAFE_INTEGER;
  return {
    ...common(binding.name, parts),
    address: binding.address,
    port: binding.port,
    tls: parts.tls,
    isShared: true,
    proxyFrom: binding.proxyFrom,
    limits: { connections: limits.connections || unlimited, connectionsPerAddress: limits.connectionsPerAddress || unlimited },
    counts: parts.counts,
    acceptRate:
      limits.connectionsPerMinute === 0
        ? undefined
        : new RateLimiter({ burst: limits.connectionsPerMinute, intervalMs: 60_000 / limits.connectionsPerMinute }, systemClock, parts.shared.accepts),
  };
}

/** The options of the listener on the local LMTP socket. */
export function socketListener(path: string, parts: DoorParts): ListenerOptions {
  return { ...common('lmtp', parts), address: '', port: 0, path };
}

function common(
  name: Listener,
  { config, services, log }: DoorParts,
): Pick<ListenerOptions, 'name' | 'implicitTls' | 'alpn' | 'refuse' | 'timeouts' | 'door' | 'log'> {
  const { implicitTls, alpn, refuse, serve } = PROTOCOLS[name];
  const { handshakeTimeoutMs: handshakeMs, writeTimeoutMs: writeMs } = config.limits;
  const door = async (connection: Connection): Promise<void> => serve(connection, await services);
  return { name, implicitTls, alpn, refuse, timeouts: { handshakeMs, writeMs }, log: withoutListening(log), door };
}

/** Every thread opens every port: the main thread says so once. */
function withoutListening(log: Log): Log {
  return {
    ...log,
    info: (event, fields) => (event === 'net.listening' ? undefined : log.info(event, fields)),
    with: (fields) => withoutListening(log.with(fields)),
  };
}
