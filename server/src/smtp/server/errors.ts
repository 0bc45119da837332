/** Every domain error as an SMTP reply. RFC 5321 §4.2.3 · RFC 3463 */
import type { DomainError, DomainErrorCode } from '#core/errors.ts';
import { Refusal } from '#delivery/delivery.ts';

const REPLIES: Readonly<Record<DomainErrorCode, readonly [code: number, enhanced: string, text: string]>> = {
  'disk-full': [452, '4.3.1', 'Insufficient system storage'],
  'store-failed': [451, '4.3.0', 'Storage is not available, try again later'],
  'shutting-down': [421, '4.3.2', 'Service is shutting down'],
  'over-quota': [452, '4.2.2', 'Mailbox is full'],
  'message-too-large': [552, '5.3.4', 'Message is too large'],
  'object-limit': [452, '4.2.2', 'Mailbox cannot take more messages'],
  'address-not-found': [550, '5.1.1', 'No such user here'],
  'address-invalid': [553, '5.1.3', 'Address is malformed'],
  'account-not-found': [550, '5.1.1', 'No such user here'],
  'account-disabled': [550, '5.2.1', 'Mailbox is disabled'],
  'sign-in-refused': [535, '5.7.8', 'Sign-in refused'],
  'sign-in-limited': [454, '4.7.0', 'Sign-in is not possible at the moment'],
  'sending-limited': [452, '4.7.0', 'Sending limit is reached, try again later'],
  'not-permitted': [550, '5.7.1', 'Not permitted'],
  // What follows cannot come out of taking in a message; should it, the client tries again and an administrator sees the log.
  'mailbox-not-found': [451, '4.3.0', 'Mailbox is not available'],
  'mailbox-exists': [451, '4.3.0', 'Mailbox is not available'],
  'mailbox-name-invalid': [451, '4.3.0', 'Mailbox is not available'],
  'mailbox-not-selectable': [451, '4.3.0', 'Mailbox is not available'],
  'mailbox-has-children': [451, '4.3.0', 'Mailbox is not available'],
  'mailbox-protected': [451, '4.3.0', 'Mailbox is not available'],
  'message-not-found': [451, '4.3.0', 'Message is not available'],
  'message-expunged': [451, '4.3.0', 'Message is not available'],
  'keyword-limit': [451, '4.3.0', 'Mailbox is not available'],
  'address-exists': [451, '4.3.0', 'Address is not available'],
  'domain-not-found': [451, '4.3.0', 'Domain is not available'],
  'domain-exists': [451, '4.3.0', 'Domain is not available'],
  'domain-not-empty': [451, '4.3.0', 'Domain is not available'],
  'account-exists': [451, '4.3.0', 'Account is not available'],
  'login-invalid': [451, '4.3.0', 'Account is not available'],
  'name-reserved': [451, '4.3.0', 'Account is not available'],
  'password-invalid': [451, '4.3.0', 'Account is not available'],
  'bad-request': [451, '4.3.0', 'Request failed'],
};

/** The refusal that a domain error becomes on the wire; the cause goes to the log. */
export function refusalOf(error: DomainError): Refusal {
  const [code, enhanced, text] = REPLIES[error.code];
  // Its message says when sending goes on.
  return new Refusal(code, enhanced, error.code === 'sending-limited' ? error.message : text, `${error.code}: ${error.message}`);
}
