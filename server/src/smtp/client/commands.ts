/**
 * MAIL and RCPT as this server can take them.
 *
 * RFC 1870 (SIZE) · RFC 6152 (8BITMIME) · RFC 6531 (SMTPUTF8) · RFC 3461 §4 (DSN) · RFC 2852 §4.1.4 (BY) · RFC 6710 §4 (MT-PRIORITY) · RFC 8689 §2 (REQUIRETLS)
 */
import type { OutboundMessage, OutboundRecipient } from '#queue/transport.ts';
import { encodeXtext } from '../wire/xtext.ts';
import type { PeerCapabilities } from './peer-capabilities.ts';

const ASCII = /^[ -~]*$/;
const CONTROLS = /\p{Cc}/u;

export interface MailFacts {
  readonly sizeBytes: number;
  readonly isEightBit: boolean;
  /** The line is such that the server may be asked to keep it so. */
  readonly isSecure: boolean;
}

export function mailCommand(message: OutboundMessage, peer: PeerCapabilities, { sizeBytes, isEightBit, isSecure }: MailFacts): string {
  const { deliverBy, mtPriority, ret, envelopeId } = message;
  let line = `MAIL FROM:<${message.sender}>`;
  if (peer.sizeLimit !== undefined) line += ` SIZE=${sizeBytes}`;
  if (isEightBit && peer.eightBitMime) line += ' BODY=8BITMIME';
  if (needsUtf8(message)) line += ' SMTPUTF8';
  if (message.requireTls === true && peer.requireTls && isSecure) line += ' REQUIRETLS';
  if (peer.dsn && ret !== undefined) line += ` RET=${ret}`;
  if (peer.dsn && envelopeId !== undefined) line += ` ENVID=${encodeXtext(envelopeId)}`;
  if (peer.deliverBySeconds !== undefined && deliverBy) line += ` BY=${deliverBy.seconds};${deliverBy.mode}${deliverBy.isTraced ? 'T' : ''}`;
  if (peer.mtPriority && mtPriority !== undefined) line += ` MT-PRIORITY=${mtPriority}`;
  return `${line}\r\n`;
}

export function recipientCommand({ address, notify: asked, originalRecipient }: OutboundRecipient, message: OutboundMessage, peer: PeerCapabilities): string {
  let line = `RCPT TO:<${address}>`;
  if (peer.dsn) {
    const notify = notifyOf(asked, message, peer);
    if (notify !== undefined) line += ` NOTIFY=${notify.join(',')}`;
    // Written out it may hold UTF-8 (RFC 6533 §3), which only SMTPUTF8 allows.
    if (originalRecipient !== undefined && (peer.smtpUtf8 || ASCII.test(originalRecipient))) line += ` ORCPT=${originalRecipient}`;
  }
  return `${line}\r\n`;
}

/** A server that knows nothing of the time in which the message should be there can still tell of delays (RFC 2852 §4.1.4.2). */
function notifyOf(asked: readonly string[] | undefined, { deliverBy }: OutboundMessage, peer: PeerCapabilities): readonly string[] | undefined {
  const isUnknownThere = deliverBy?.mode === 'N' && deliverBy.seconds > 0 && peer.deliverBySeconds === undefined;
  if (!isUnknownThere || asked?.includes('NEVER') === true) return asked;
  if (asked === undefined) return ['FAILURE', 'DELAY'];
  return asked.includes('DELAY') ? asked : [...asked, 'DELAY'];
}

export function needsUtf8(message: OutboundMessage): boolean {
  return message.smtpUtf8 || !addressesOf(message).every((address) => ASCII.test(address));
}

/** Addresses come from parsed paths; what a line cannot hold must not get into one all the same. */
export function fitsIntoLines(message: OutboundMessage): boolean {
  return !addressesOf(message).some((address) => CONTROLS.test(address));
}

function addressesOf({ sender, recipients }: OutboundMessage): readonly string[] {
  return [sender, ...recipients.map(({ address }) => address)];
}
