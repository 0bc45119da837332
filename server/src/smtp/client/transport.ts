/** The queue's way to other servers: SMTP to the hosts of a destination, one after the other until one is ready for mail. */
import { NetError } from '#net/connection.ts';
import type { Resolver } from '#net/dns/resolver.ts';
import { type Destination, type MailSession, type MailTransport, TransportError } from '#queue/transport.ts';
import { findHosts, type HostRules, type MailHost } from './hosts.ts';
import { HostRefusal, openSession } from './open-session.ts';
import { statusOf } from './reply.ts';
import { SmtpSession } from './session.ts';
import { STANDARD_TIME_LIMITS, type TimeLimits } from './time-limits.ts';

export interface SmtpTransportOptions {
  /** Our name, for EHLO. */
  readonly hostname: string;
  readonly resolver: Resolver;
  readonly timeLimits?: TimeLimits;
  /** Authorities instead of the well-known ones, PEM. */
  readonly ca?: string | undefined;
  /** Where other domains' mail hosts are, for tests on loopback. */
  readonly hosts?: HostRules;
}

/** After this no further host is tried in one attempt: others wait for the connection. */
const LONGEST_SEARCH_MS = 90_000;

export class SmtpTransport implements MailTransport {
  readonly #options: SmtpTransportOptions;

  constructor(options: SmtpTransportOptions) {
    this.#options = options;
  }

  async connect(destination: Destination, signal: AbortSignal): Promise<MailSession> {
    const { resolver, hostname, ca, timeLimits = STANDARD_TIME_LIMITS } = this.#options;
    const relay = destination.kind === 'relay' ? destination.relay : undefined;
    const failures: HostFailure[] = [];
    const beganAtMs = performance.now();
    for (const host of await findHosts(resolver, destination, this.#options.hosts)) {
      try {
        const { tls = 'opportunistic', login, password } = relay ?? {};
        const opened = await openSession(host, { hostname, tls, login, password, timeLimits, ca, signal });
        return new SmtpSession(host, opened, timeLimits);
      } catch (error) {
        failures.push(describe(host, error));
        if (signal.aborted || performance.now() - beganAtMs > LONGEST_SEARCH_MS) break;
      }
    }
    throw summary(failures, relay !== undefined);
  }
}

interface HostFailure {
  readonly status: string;
  readonly message: string;
  readonly host: string | undefined;
  readonly isPermanent: boolean;
}

function describe(host: MailHost, error: unknown): HostFailure {
  if (error instanceof HostRefusal) return { status: statusOf(error.reply), message: error.message, host: host.name, isPermanent: error.isPermanent };
  if (!(error instanceof NetError)) throw error;
  const status = error.code === 'tls-failed' ? '4.7.5' : error.code === 'timeout' || error.code === 'closed' ? '4.4.1' : '4.4.0';
  return { status, message: host.name === host.address ? error.message : `${host.name}: ${error.message}`, host: undefined, isPermanent: false };
}

/** All hosts have failed. Only when each one refuses for good is it for good; a relay of our own never does. */
function summary(failures: readonly HostFailure[], isRelay: boolean): TransportError {
  const isPermanent = !isRelay && failures.length > 0 && failures.every((failure) => failure.isPermanent);
  // The first host that can be expected to come back is the one to tell of.
  const told = failures.find((failure) => failure.isPermanent === isPermanent) ??
    failures[0] ?? { status: '4.4.4', message: 'no host to try', host: undefined };
  const status = `${isPermanent ? 5 : 4}${told.status.slice(1)}`;
  return new TransportError({ isPermanent, status, message: told.message, host: told.host });
}
