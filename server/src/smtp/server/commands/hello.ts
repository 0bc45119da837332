/**
 * HELO, EHLO and LHLO: who the client says it is, and what this server can do.
 *
 * RFC 5321 §4.1.1.1, §4.1.3, §4.1.4 · RFC 2033 §4.1 (LHLO) · RFC 1870 (SIZE) · RFC 2034 · RFC 2920 · RFC 3030 · RFC 3207 · RFC 4954 · RFC 6152 · RFC 6531 · RFC 2852 (DELIVERBY) · RFC 4865
 * (FUTURERELEASE) · RFC 6710 (MT-PRIORITY) · RFC 8689 (REQUIRETLS) · RFC 9422 (LIMITS)
 *
 * The name must look like a domain or an address literal, since it goes into Received; whether it is true is not asked here (§4.1.4: a message must not be refused for that).
 */
import { systemClock } from '#core/clock.ts';
import { Refusal } from '#delivery/delivery.ts';
import { offeredMechanisms } from '#sasl/exchange.ts';
import type { FutureReleaseOffer } from '../../wire/parameters.ts';
import type { Command } from '../command.ts';
import type { Session } from '../session.ts';

export const helo: Command = { verb: 'HELO', syntax: 'HELO domain', needs: 'nothing', run: (session, argument) => greet(session, argument, false) };
export const ehlo: Command = { verb: 'EHLO', syntax: 'EHLO domain', needs: 'nothing', run: (session, argument) => greet(session, argument, true) };
export const lhlo: Command = { verb: 'LHLO', syntax: 'LHLO domain', needs: 'nothing', run: greetLocal };

async function greet(session: Session, argument: string, isExtended: boolean): Promise<void> {
  if (session.role === 'lmtp') throw new Refusal(500, '5.5.1', 'This is LMTP: use LHLO');
  await introduce(session, argument, isExtended);
}

async function greetLocal(session: Session, argument: string): Promise<void> {
  if (session.role !== 'lmtp') throw new Refusal(500, '5.5.1', 'This is SMTP: use EHLO');
  await introduce(session, argument, true);
}

async function introduce(session: Session, argument: string, isExtended: boolean): Promise<void> {
  // Domains, address literals, and the host names with underscores that desktops have.
  if (!/^[A-Za-z0-9._:[\]-]{1,255}$/.test(argument)) throw new Refusal(501, '5.5.4', 'A domain name or address literal is required');
  await session.resetTransaction();
  session.helo = argument;
  session.isExtended = isExtended;
  // RFC 2034 §4: no enhanced codes here.
  session.reply(250, undefined, isExtended ? [session.services.settings.hostname, ...extensions(session)] : session.services.settings.hostname);
}

/** Undefined: messages are not held back here. */
export function futureRelease({ role, services }: Session): FutureReleaseOffer | undefined {
  const maxSeconds = services.settings.futureReleaseSeconds;
  return role === 'submission' && maxSeconds > 0 ? { maxSeconds, nowMs: systemClock.nowMs() } : undefined;
}

/** Only behind TLS: else it could have been taken out, or put in, on the way (RFC 8689 §2). */
export function offersRequireTls({ connection, role }: Session): boolean {
  return connection.tls !== undefined && role !== 'lmtp';
}

function extensions(session: Session): readonly string[] {
  const { connection, role, services } = session;
  const { limits } = services.delivery;
  const lines = ['PIPELINING', `SIZE ${limits.messageBytes}`, '8BITMIME', 'SMTPUTF8', 'ENHANCEDSTATUSCODES', 'CHUNKING'];
  if (connection.tls === undefined && role !== 'lmtp') lines.push('STARTTLS');
  if (role === 'submission' && connection.tls !== undefined && session.identity === undefined) {
    const offered = offeredMechanisms(connection.tls, services.directory);
    if (offered.length > 0) lines.push(`AUTH ${offered.map((mechanism) => mechanism.name).join(' ')}`);
  }
  if (offersRequireTls(session)) lines.push('REQUIRETLS');
  if (role === 'submission') {
    lines.push('DSN', 'DELIVERBY');
    const release = futureRelease(session);
    // RFC 4865 §3: how long, and until when.
    if (release) lines.push(`FUTURERELEASE ${release.maxSeconds} ${new Date(release.nowMs + release.maxSeconds * 1000).toISOString().slice(0, 19)}Z`);
  }
  if (role !== 'lmtp') lines.push('MT-PRIORITY');
  lines.push(`LIMITS MAILMAX=${services.settings.maxMessages} RCPTMAX=${limits.recipients}`);
  return lines;
}
