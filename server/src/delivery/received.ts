/**
 * The Received field that a message gets in front of its body. (Return-Path and Delivered-To stand in each recipient's prefix: accept.ts.)
 *
 * RFC 5321 §4.4 (form), §7.6 (what may be left out) · RFC 3848 (`with`) · RFC 8314 §7.4 (`tls`) · RFC 6710 §4.1, §7 (`PRIORITY`)
 *
 * On submission the client's name and address are left out unless the settings ask for them: where somebody reads mail is nobody's business.
 */
import { isIPv4, isIPv6 } from 'node:net';
import { formatDate } from '#message/date.ts';
import type { Peer } from './delivery.ts';

export interface ReceivedFacts {
  readonly peer: Peer;
  readonly hostname: string;
  readonly id: string;
  readonly nowMs: number;
  /** The one recipient, as the client wrote it; undefined where there are several, so that none learns of the others. */
  readonly onlyRecipient: string | undefined;
  readonly showsClient: boolean;
  /** MT-PRIORITY; undefined: not given. */
  readonly priority?: number | undefined;
}

export function receivedField({ peer, hostname, id, nowMs, onlyRecipient, showsClient, priority }: ReceivedFacts): string {
  const from = showsClient ? `from ${peer.helo} (${addressLiteral(peer.address)})\r\n\t` : '';
  const recipient = onlyRecipient === undefined ? '' : `\r\n\tfor <${onlyRecipient}>`;
  const tls = peer.tls === undefined ? '' : `\r\n\ttls ${peer.tls.cipher}`;
  const urgency = priority === undefined ? '' : `\r\n\tPRIORITY ${priority}`;
  return `Received: ${from}by ${hostname} with ${peer.protocol} id ${id}${recipient}${tls}${urgency};\r\n\t${dateTime(nowMs)}\r\n`;
}

let lastSecond = Number.NaN;
let lastText = '';

/** `Mon, 23 Nov 2026 12:00:00 +0000`. RFC 5322 §3.3 */
export function dateTime(nowMs: number): string {
  const second = Math.floor(nowMs / 1000);
  if (second !== lastSecond) {
    lastSecond = second;
    lastText = formatDate(nowMs);
  }
  return lastText;
}

/** `[192.0.2.1]`, `[IPv6:2001:db8::1]`; a local socket has a word instead. */
function addressLiteral(address: string): string {
  if (isIPv4(address)) return `[${address}]`;
  return isIPv6(address) ? `[IPv6:${address}]` : 'local';
}
