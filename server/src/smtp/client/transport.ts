/** The queue's way to other servers: SMTP to the hosts of a destination, one after the other until one is ready for mail, with TLS as the domain asks for it. */
import { NetError } from '#net/connection.ts';
import type { AliasResolver, Resolver } from '#net/dns/resolver.ts';
import type { ReportedPolicy, TlsFailure, TlsResult } from '#queue/transport-security/result-types.ts';
import type { FoundPolicy } from '#queue/transport-security/sts-policies.ts';
import { type Destination, type MailSession, type MailTransport, TransportError } from '#queue/transport.ts';
import { connectToAny, reachableFrom } from './connect-any.ts';
import { Conversions } from './conversions.ts';
import { demandOf, type Forbidden, type TlsDemand } from './demand.ts';
import { type Exchange, type Exchanges, findExchanges, findHost, type HostRules, LeadsBack, type MailHost, PUBLIC_HOSTS } from './hosts.ts';
import { HostRefusal, type OpenedSession, openSession, RequireTlsMissing, TlsProblem } from './open-session.ts';
import { statusOf } from './reply.ts';
import { type ChunkUse, SmtpSession } from './session.ts';
import { STANDARD_TIME_LIMITS, type TimeLimits } from './time-limits.ts';

export interface SmtpTransportOptions {
  /** Our name, for EHLO. */
  readonly hostname: string;
  readonly resolver: Resolver & AliasResolver;
  readonly timeLimits?: TimeLimits;
  /** Authorities instead of the well-known ones, PEM. */
  readonly ca?: string | undefined;
  /** What mail hosts that the DNS names must be like; other ones are for tests on loopback. */
  readonly hosts?: HostRules;
  /** The MTA-STS policies of other domains. */
  readonly policies?: { policyFor(domain: string): Promise<FoundPolicy> } | undefined;
  /** Who counts sessions for TLS reports. */
  readonly results?: { record(result: TlsResult): void } | undefined;
}

/** After this, in times of one connection's, no further host is tried in one attempt: others wait for the connection. */
const SEARCH_TIMES = 3;
const HOSTS_REMEMBERED = 1000;
const NO_STS: FoundPolicy = { policy: undefined, failure: undefined };

export class SmtpTransport implements MailTransport {
  readonly #options: SmtpTransportOptions;
  /** Hosts that offer chunks and then do not know them. */
  readonly #withoutChunks = new Set<string>();
  readonly #conversions = new Conversions();

  constructor(options: SmtpTransportOptions) {
    this.#options = options;
  }

  async prepare(destination: Destination, signal: AbortSignal): Promise<void> {
    const { policies } = this.#options;
    if (destination.kind !== 'domain' || destination.tlsNeed === 'optional' || !policies || signal.aborted) return;
    const stopped = Promise.withResolvers<undefined>();
    const onAbort = (): void => stopped.resolve(undefined);
    signal.addEventListener('abort', onAbort);
    try {
      await Promise.race([policies.policyFor(destination.domain), stopped.promise]);
    } catch {
      // Whoever connects asks again, and hears why.
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  async connect(destination: Destination, signal: AbortSignal): Promise<MailSession> {
    const { resolver, hosts: rules = PUBLIC_HOSTS, timeLimits = STANDARD_TIME_LIMITS } = this.#options;
    const search: Search = { destination, signal, failures: [], untilMs: performance.now() + SEARCH_TIMES * timeLimits.connectMs };
    const [exchanges, sts] = await Promise.all([findExchanges(resolver, destination, rules), this.#stsOf(destination)]);
    let isCutShort = false;
    for (const [index, exchange] of exchanges.list.entries()) {
      const session = await this.#tryExchange(exchange, { ...search, exchanges, sts, rules });
      if (session === 'leads-back') break;
      if (session) return session;
      if (isOver(search)) {
        isCutShort = index < exchanges.list.length - 1;
        break;
      }
    }
    throw summary(search.failures, { isRelay: destination.kind === 'relay', isCutShort });
  }

  /** Undefined: no session with this host; why is among the failures. */
  async #tryExchange(exchange: Exchange, search: HostSearch): Promise<MailSession | 'leads-back' | undefined> {
    const { resolver, hostname } = this.#options;
    const { destination, failures, rules } = search;
    let host: MailHost;
    try {
      if (destination.kind === 'domain' && exchange.name === hostname) throw new LeadsBack(exchange.name);
      host = await findHost(resolver, exchange, destination.kind, rules);
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      const { status, message, host: told, isPermanent } = error;
      failures.push({ status, message, host: told, isPermanent });
      return error instanceof LeadsBack ? 'leads-back' : undefined;
    }
    const demand = await demandOf(host, { resolver, destination, exchanges: search.exchanges, sts: search.sts });
    if (!('forbidden' in demand)) return await this.#tryAddresses(host, demand, search);
    const { forbidden } = demand;
    failures.push({ ...forbidden, host: undefined });
    this.#reportForbidden(destination, host, forbidden);
    return undefined;
  }

  async #tryAddresses(host: MailHost, demand: TlsDemand, search: HostSearch): Promise<MailSession | undefined> {
    const { timeLimits = STANDARD_TIME_LIMITS } = this.#options;
    const { destination, failures } = search;
    let addresses = reachableFrom(host.addresses, destination.source);
    while (addresses.length > 0 || failures.length === 0) {
      const tried: Tried = { address: undefined, localAddress: undefined };
      try {
        const opened = await this.#open({ host, addresses, demand, search }, tried);
        this.#report(destination, demand.reported, host, tried, opened.flaw);
        return new SmtpSession(host.name, opened, { timeLimits, chunks: this.#chunksOf(host.name), conversions: this.#conversions });
      } catch (error) {
        failures.push(describe(host, demand, error));
        if (error instanceof TlsProblem) this.#report(destination, demand.reported, host, tried, error);
        if (isOver(search)) return undefined;
        // Without one that answered, all were tried.
        addresses = tried.address === undefined ? [] : addresses.filter((address) => address !== tried.address);
      }
    }
    return undefined;
  }

  /** Says in `tried` which address answered. */
  async #open({ host, addresses, demand, search }: Attempt, tried: Tried): Promise<OpenedSession> {
    const { hostname, ca, timeLimits = STANDARD_TIME_LIMITS } = this.#options;
    const { destination, signal } = search;
    const { source } = destination;
    const { login, password } = destination.kind === 'relay' ? destination.relay : {};
    const to = { port: host.port, source, connectTimeoutMs: timeLimits.connectMs, timeoutMs: timeLimits.commandMs, signal };
    const options = { hostname: source?.helo ?? hostname, demand, login, password, timeLimits, ca, nowMs: Date.now() };
    const connection = await connectToAny(addresses, to);
    tried.address = connection.remoteAddress;
    tried.localAddress = connection.localAddress;
    try {
      return await openSession(connection, options);
    } catch (error) {
      if (!(error instanceof TlsProblem) || demand.tls !== 'opportunistic') throw error;
      // TLS that does not work is no worse than none (RFC 7435 §3).
      const opened = await openSession(await connectToAny([connection.remoteAddress], to), { ...options, demand: { ...demand, tls: 'none' } });
      return { ...opened, flaw: error };
    }
  }

  #chunksOf(host: string): ChunkUse {
    return {
      isAllowed: !this.#withoutChunks.has(host),
      refused: () => {
        if (this.#withoutChunks.size >= HOSTS_REMEMBERED) this.#withoutChunks.clear();
        this.#withoutChunks.add(host);
      },
    };
  }

  async #stsOf(destination: Destination): Promise<FoundPolicy> {
    const { policies, results } = this.#options;
    if (destination.kind !== 'domain' || destination.tlsNeed === 'optional' || !policies) return NO_STS;
    const found = await policies.policyFor(destination.domain);
    const { failure } = found;
    const policy: ReportedPolicy = { type: 'sts', strings: found.policy?.lines ?? [], mxHosts: found.policy?.mx ?? [] };
    if (failure) results?.record({ domain: destination.domain, policy, failure: { type: failure.type, reason: failure.message } });
    return found;
  }

  // oxlint-disable-next-line max-params -- one line of a report
  #report(destination: Destination, policy: ReportedPolicy, host: MailHost, tried: Tried, problem: TlsProblem | undefined): void {
    // Mail that waives TLS was held to no policy; reports about TLS are such mail, and are not to be reported themselves (RFC 8460 §3).
    if (destination.kind !== 'domain' || destination.tlsNeed === 'optional') return;
    const failure: TlsFailure | undefined = problem && {
      type: problem.type,
      sendingAddress: tried.localAddress,
      receivingHost: host.name,
      receivingHelo: problem.helo === '' ? undefined : problem.helo,
      receivingAddress: tried.address,
      reason: problem.message,
    };
    this.#options.results?.record({ domain: destination.domain, policy, failure });
  }

  #reportForbidden(destination: Destination, host: MailHost, { type, reported, message }: Forbidden): void {
    if (destination.kind !== 'domain' || type === undefined) return;
    this.#options.results?.record({ domain: destination.domain, policy: reported, failure: { type, receivingHost: host.name, reason: message } });
  }
}

/** Which of a host's addresses answered, and ours on that line. */
interface Tried {
  address: string | undefined;
  localAddress: string | undefined;
}

interface Search {
  readonly destination: Destination;
  readonly signal: AbortSignal;
  readonly failures: HostFailure[];
  readonly untilMs: number;
}

interface HostSearch extends Search {
  readonly exchanges: Exchanges;
  readonly sts: FoundPolicy;
  readonly rules: HostRules;
}

interface Attempt {
  readonly host: MailHost;
  readonly addresses: readonly string[];
  readonly demand: TlsDemand;
  readonly search: Search;
}

interface HostFailure {
  readonly status: string;
  readonly message: string;
  readonly host: string | undefined;
  readonly isPermanent: boolean;
}

function isOver({ signal, untilMs }: Search): boolean {
  return signal.aborted || performance.now() > untilMs;
}

function describe(host: MailHost, demand: TlsDemand, error: unknown): HostFailure {
  const told = (text: string): string => `${host.name}: ${text}`;
  if (error instanceof HostRefusal) return { status: statusOf(error.reply), message: error.message, host: host.name, isPermanent: error.isPermanent };
  if (error instanceof RequireTlsMissing) return { status: '5.7.30', message: told(error.message), host: undefined, isPermanent: true };
  if (error instanceof TlsProblem) {
    // A handshake that breaks may work the next time; what the server has shown of itself will not change so soon.
    if (demand.needsRequireTls && error.type !== 'validation-failure')
      return { status: '5.7.30', message: told(`the message requires TLS: ${error.message}`), host: undefined, isPermanent: true };
    const why = demand.policy === 'dane' ? ' (its DANE records demand it)' : demand.policy === 'mta-sts' ? ' (its MTA-STS policy demands it)' : '';
    return {
      status: error.type === 'starttls-not-supported' ? '4.7.4' : '4.7.5',
      message: told(`${error.message}${why}`),
      host: undefined,
      isPermanent: false,
    };
  }
  if (!(error instanceof NetError)) throw error;
  const status = error.code === 'timeout' || error.code === 'closed' ? '4.4.1' : '4.4.0';
  return { status, message: host.addresses.includes(host.name) ? error.message : told(error.message), host: undefined, isPermanent: false };
}

/**
 * All hosts that were tried have failed. Only when each one there is refuses for good is it for good; a relay of our own never does, unless TLS all the way is asked
 * of it.
 */
function summary(failures: readonly HostFailure[], { isRelay, isCutShort }: { readonly isRelay: boolean; readonly isCutShort: boolean }): TransportError {
  const isPermanent = !isCutShort && failures.length > 0 && failures.every((failure) => failure.isPermanent && (!isRelay || failure.status === '5.7.30'));
  // The first host that can be expected to come back is the one to tell of.
  const told = failures.find((failure) => failure.isPermanent === isPermanent) ??
    failures[0] ?? { status: '4.4.4', message: 'no host to try', host: undefined };
  const status = `${isPermanent ? 5 : 4}${told.status.slice(1)}`;
  return new TransportError({ isPermanent, status, message: told.message, host: told.host });
}
