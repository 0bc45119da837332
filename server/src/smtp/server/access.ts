/** What submission asks of a client before it may do anything. RFC 3207 §4 · RFC 4954 §6 · RFC 8314 §3.3 */
import { Refusal } from '#delivery/delivery.ts';
import type { Command } from './command.ts';
import type { Session } from './session.ts';

/** Why the command may not be given yet; undefined where it may. */
export function accessRefusal(session: Session, needs: Command['needs']): Refusal | undefined {
  if (session.role !== 'submission' || needs === 'nothing') return undefined;
  if (session.connection.tls === undefined) return new Refusal(530, '5.7.0', 'Must issue a STARTTLS command first');
  if (needs === 'sign-in' && session.identity === undefined) return new Refusal(530, '5.7.0', 'Authentication required');
  return undefined;
}
