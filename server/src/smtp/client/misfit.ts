/**
 * What a server cannot take, known from what it says of itself, without asking it.
 *
 * RFC 1870 §6.1 (SIZE) · RFC 6531 §3.2 (SMTPUTF8) · RFC 2852 §4.1.4.1 (DELIVERBY)
 */
import type { OutboundMessage, Outcome } from '#queue/transport.ts';
import { fitsIntoLines, needsUtf8 } from './commands.ts';
import type { OpenedSession } from './open-session.ts';
import { found } from './outcomes.ts';

/** Undefined: nothing speaks against it. */
export function misfit(message: OutboundMessage, capabilities: OpenedSession['capabilities'], host: string): Outcome | undefined {
  if (!fitsIntoLines(message)) return found('failed', '5.1.3', 'The address cannot be written in a command');
  const { sizeLimit, smtpUtf8 } = capabilities;
  if (needsUtf8(message) && !smtpUtf8) return found('failed', '5.6.7', `${host} does not take messages with internationalised addresses or headers (SMTPUTF8)`);
  if (sizeLimit !== undefined && sizeLimit > 0 && message.sizeBytes > sizeLimit)
    return found('failed', '5.3.4', `The message has ${message.sizeBytes} octets and ${host} takes ${sizeLimit}`);
  return lateMisfit(message, capabilities, host);
}

/** A message that is to be returned when it is late goes only to who promises that (RFC 2852 §4.1.4.1). */
function lateMisfit({ deliverBy }: OutboundMessage, { deliverBySeconds }: OpenedSession['capabilities'], host: string): Outcome | undefined {
  if (deliverBy?.mode !== 'R') return undefined;
  if (deliverBy.seconds <= 0) return found('failed', '5.4.7', 'The time in which the message was to be delivered is over');
  if (deliverBySeconds === undefined) return found('failed', '5.3.3', `${host} does not promise delivery within a time (DELIVERBY)`);
  if (deliverBy.seconds < deliverBySeconds)
    return found('failed', '5.4.7', `${host} promises delivery within ${deliverBySeconds} seconds and ${deliverBy.seconds} are left`);
  return undefined;
}
