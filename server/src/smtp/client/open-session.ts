/**
 * From a connection to a session that is ready for mail: greeting, EHLO, TLS and the proof that it is as it must be, AUTH.
 *
 * RFC 5321 §3.1, §3.2, §4.1.1.1 · RFC 3207 (STARTTLS) · RFC 7504 (521) · RFC 8314 §3 (implicit TLS) · RFC 8689 §4.2 (REQUIRETLS) · RFC 4954 (AUTH) · RFC 4616 (PLAIN)
 */
import { isLoopback } from '#net/address.ts';
import { NetError } from '#net/connection.ts';
import type { OutgoingConnection } from '#net/outgoing-connection.ts';
import type { TlsFailureType } from '#queue/transport-security/result-types.ts';
import type { SessionTls } from '#queue/transport.ts';
import type { TlsDemand } from './demand.ts';
import { type PeerCapabilities, readCapabilities } from './peer-capabilities.ts';
import { isPositive, type Reply, readReply, replyText } from './reply.ts';
import type { TimeLimits } from './time-limits.ts';
import { verifyServer } from './verify-server.ts';

export interface OpenOptions {
  /** Our name, for EHLO. */
  readonly hostname: string;
  readonly demand: TlsDemand;
  readonly login?: string | undefined;
  readonly password?: string | undefined;
  readonly timeLimits: TimeLimits;
  /** Authorities instead of the well-known ones, PEM. */
  readonly ca?: string | undefined;
  readonly nowMs: number;
}

export interface OpenedSession {
  readonly connection: OutgoingConnection;
  readonly capabilities: PeerCapabilities;
  readonly tls: SessionTls | undefined;
  /** What the server called itself; empty where it said nothing. */
  readonly helo: string;
  /** What is wrong with the TLS although the session is good enough: for reports. */
  readonly flaw: TlsProblem | undefined;
}

/** A server that does not want to talk to us, in its own words. */
export class HostRefusal extends Error {
  readonly reply: Reply;
  /** It will not want to later either. */
  readonly isPermanent: boolean;

  constructor(reply: Reply, isPermanent: boolean) {
    super(replyText(reply));
    this.name = 'HostRefusal';
    this.reply = reply;
    this.isPermanent = isPermanent;
  }
}

/** TLS that is missing, does not work, or does not prove what it should. */
export class TlsProblem extends Error {
  readonly type: TlsFailureType;
  readonly helo: string;

  constructor(type: TlsFailureType, message: string, helo: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TlsProblem';
    this.type = type;
    this.helo = helo;
  }
}

/** Our side requires REQUIRETLS, and the other does not know it. */
export class RequireTlsMissing extends Error {
  constructor() {
    super('the message requires TLS all the way, which the server does not promise (REQUIRETLS)');
    this.name = 'RequireTlsMissing';
  }
}

/** Throws NetError, HostRefusal, TlsProblem or RequireTlsMissing; the connection is closed then. */
export async function openSession(connection: OutgoingConnection, options: OpenOptions): Promise<OpenedSession> {
  try {
    return await converse(connection, options);
  } catch (error) {
    connection.destroy();
    throw error;
  }
}

/** Until a session is ready for mail, in times of the greeting's: each answer late and none too late must not hold a connection for an hour. */
const OPENING_TIMES = 3;

async function converse(connection: OutgoingConnection, given: OpenOptions): Promise<OpenedSession> {
  const options = { ...given, timeLimits: withinAll(given.timeLimits) };
  const { timeLimits, demand } = options;
  let proof: Proof | undefined;
  if (demand.tls === 'implicit') proof = await secure(connection, options, '');
  const greeting = await readReply(connection.reader, timeLimits.greetingMs);
  // RFC 7504: 521 and 554 say that there is no mail service here at all.
  if (greeting.code !== 220) throw new HostRefusal(greeting, greeting.code === 521 || greeting.code === 554);
  const helo = heloOf(greeting);
  let capabilities = await hello(connection, options);
  if (demand.tls === 'opportunistic' || demand.tls === 'required') {
    const isReady = capabilities.startTls && (await command(connection, 'STARTTLS', timeLimits.commandMs)).code === 220;
    if (isReady) {
      proof = await secure(connection, options, helo);
      // What was said in the clear does not count (RFC 3207 §4.2).
      capabilities = await hello(connection, options);
    } else if (demand.tls === 'required') throw new TlsProblem('starttls-not-supported', 'the server does not offer STARTTLS', helo);
  }
  if (demand.needsRequireTls && !capabilities.requireTls) throw new RequireTlsMissing();
  if (options.login !== undefined) await signIn(connection, capabilities, { ...options, tls: proof?.tls });
  const missing = demand.tls === 'opportunistic' && !proof ? new TlsProblem('starttls-not-supported', 'the server does not offer STARTTLS', helo) : undefined;
  return { connection, capabilities, tls: proof?.tls, helo, flaw: proof?.flaw ?? missing };
}

/** The same limits, and one for all of them together from now on. */
function withinAll(limits: TimeLimits): TimeLimits {
  const untilMs = performance.now() + OPENING_TIMES * limits.greetingMs;
  const left = (ms: number): number => Math.max(1, Math.min(ms, untilMs - performance.now()));
  return {
    ...limits,
    get greetingMs() {
      return left(limits.greetingMs);
    },
    get handshakeMs() {
      return left(limits.handshakeMs);
    },
    get commandMs() {
      return left(limits.commandMs);
    },
  };
}

interface Proof {
  readonly tls: SessionTls;
  readonly flaw: TlsProblem | undefined;
}

/** Nothing is said on the line before it is as it must be. */
async function secure(connection: OutgoingConnection, { demand, timeLimits, ca, nowMs }: OpenOptions, helo: string): Promise<Proof> {
  try {
    await connection.startTls({ serverName: demand.serverName, takesWeak: demand.check === 'none', ca, timeoutMs: timeLimits.handshakeMs });
  } catch (error) {
    if (error instanceof NetError && error.code === 'tls-failed')
      throw new TlsProblem('validation-failure', `TLS failed: ${error.message}`, helo, { cause: error });
    throw error;
  }
  if (!connection.tls) throw new NetError('closed');
  const { facts, type } = verifyServer(connection.tls, demand, nowMs);
  const problem = type && new TlsProblem(type, facts.problem ?? type, helo);
  if (problem && demand.check !== 'none') throw problem;
  return { tls: facts, flaw: demand.wants === 'none' ? undefined : problem };
}

async function hello(connection: OutgoingConnection, options: OpenOptions): Promise<PeerCapabilities> {
  const { commandMs } = options.timeLimits;
  const answer = await command(connection, `EHLO ${options.hostname}`, commandMs);
  if (isPositive(answer)) return readCapabilities(answer);
  // RFC 5321 §3.2: servers that do not know EHLO.
  const older = answer.code >= 500 ? await command(connection, `HELO ${options.hostname}`, commandMs) : answer;
  if (!isPositive(older)) throw new HostRefusal(older, false);
  return readCapabilities({ ...older, lines: [] });
}

async function signIn(connection: OutgoingConnection, capabilities: PeerCapabilities, options: OpenOptions & Pick<OpenedSession, 'tls'>): Promise<void> {
  const { login = '', password = '', timeLimits, tls } = options;
  // A password never travels in the clear, and only to who has proved to be the one meant; on this machine there is nobody to listen.
  if (tls?.isVerified !== true && !isLoopback(connection.remoteAddress))
    throw new TlsProblem('validation-failure', tls ? `no password for a server that has not proved itself: ${tls.problem}` : 'no password without TLS', '');
  let answer: Reply;
  if (capabilities.auth.has('PLAIN')) answer = await command(connection, `AUTH PLAIN ${base64(`\0${login}\0${password}`)}`, timeLimits.commandMs);
  else if (capabilities.auth.has('LOGIN')) {
    answer = await command(connection, 'AUTH LOGIN', timeLimits.commandMs);
    if (answer.code === 334) answer = await command(connection, base64(login), timeLimits.commandMs);
    if (answer.code === 334) answer = await command(connection, base64(password), timeLimits.commandMs);
  } else throw new NetError('closed', `the server offers neither AUTH PLAIN nor LOGIN but ${[...capabilities.auth].join(' ') || 'nothing'}`);
  if (answer.code !== 235) throw new HostRefusal(answer, false);
}

async function command(connection: OutgoingConnection, line: string, timeoutMs: number): Promise<Reply> {
  connection.writer.write(Buffer.from(`${line}\r\n`));
  return await readReply(connection.reader, timeoutMs);
}

function heloOf({ lines }: Reply): string {
  return /^[A-Za-z0-9.:[\]-]{1,255}/.exec(lines[0] ?? '')?.[0] ?? '';
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
