/**
 * From a host's address to a session that is ready for mail: connection, greeting, EHLO, TLS, AUTH.
 *
 * RFC 5321 §3.1, §3.2, §4.1.1.1 · RFC 3207 (STARTTLS) · RFC 7435 (encrypt where it is offered) · RFC 8314 §3 (implicit TLS) · RFC 4954 (AUTH) · RFC 4616 (PLAIN)
 */
import { type OutgoingConnection, connectTo } from '#net/outgoing-connection.ts';
import { NetError } from '#net/connection.ts';
import { isLoopback } from '#net/address.ts';
import type { Relay } from '#queue/transport.ts';
import type { MailHost } from './hosts.ts';
import { type PeerCapabilities, readCapabilities } from './peer-capabilities.ts';
import { isPositive, type Reply, readReply, replyText } from './reply.ts';
import type { TimeLimits } from './time-limits.ts';

export interface OpenOptions {
  /** Our name, for EHLO. */
  readonly hostname: string;
  readonly tls: Relay['tls'];
  readonly login?: string | undefined;
  readonly password?: string | undefined;
  readonly timeLimits: TimeLimits;
  /** Authorities instead of the well-known ones, PEM. */
  readonly ca?: string | undefined;
  readonly signal: AbortSignal;
}

export interface OpenedSession {
  readonly connection: OutgoingConnection;
  readonly capabilities: PeerCapabilities;
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

/** Throws NetError or HostRefusal; nothing is left open then. */
export async function openSession(host: MailHost, options: OpenOptions): Promise<OpenedSession> {
  if (options.tls !== 'opportunistic') return await attempt(host, options);
  try {
    return await attempt(host, options);
  } catch (error) {
    // TLS that does not work is no worse than none (RFC 7435 §3).
    if (error instanceof NetError && error.code === 'tls-failed') return await attempt(host, { ...options, tls: 'none' });
    throw error;
  }
}

async function attempt(host: MailHost, options: OpenOptions): Promise<OpenedSession> {
  const { timeLimits, signal, tls } = options;
  const connection = await connectTo({
    address: host.address,
    port: host.port,
    connectTimeoutMs: timeLimits.connectMs,
    timeoutMs: timeLimits.commandMs,
    signal,
  });
  try {
    const name = host.name.startsWith('[') ? host.address : host.name;
    const secure = { serverName: name, mustVerify: tls !== 'opportunistic', ca: options.ca, timeoutMs: timeLimits.handshakeMs };
    if (tls === 'implicit') await connection.startTls(secure);
    const greeting = await reply(connection, timeLimits.greetingMs);
    // RFC 7504: 521 and 554 say that there is no mail service here at all.
    if (greeting.code !== 220) throw new HostRefusal(greeting, greeting.code === 521 || greeting.code === 554);
    let capabilities = await hello(connection, options);
    if (tls === 'opportunistic' || tls === 'required') {
      const isDone = capabilities.startTls && (await startTls(connection, secure, timeLimits));
      if (isDone) capabilities = await hello(connection, options);
      else if (tls === 'required') throw new NetError('tls-failed', 'the server does not offer STARTTLS');
    }
    if (options.login !== undefined) await signIn(connection, capabilities, options);
    return { connection, capabilities };
  } catch (error) {
    connection.destroy();
    throw error;
  }
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

/** False: the server offered it and then did not want to. */
async function startTls(connection: OutgoingConnection, secure: Parameters<OutgoingConnection['startTls']>[0], timeLimits: TimeLimits): Promise<boolean> {
  if ((await command(connection, 'STARTTLS', timeLimits.commandMs)).code !== 220) return false;
  await connection.startTls(secure);
  return true;
}

async function signIn(connection: OutgoingConnection, capabilities: PeerCapabilities, options: OpenOptions): Promise<void> {
  const { login = '', password = '', timeLimits } = options;
  // A password never travels in the clear, and only to who has proved to be the one meant; on this machine there is nobody to listen.
  if (connection.tls?.isVerified !== true && !isLoopback(connection.remoteAddress))
    throw new NetError(
      'tls-failed',
      connection.tls ? `no password for a server whose certificate is not valid: ${connection.tls.problem}` : 'no password without TLS',
    );
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
  return await reply(connection, timeoutMs);
}

async function reply(connection: OutgoingConnection, timeoutMs: number): Promise<Reply> {
  return await readReply(connection.reader, timeoutMs);
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}
