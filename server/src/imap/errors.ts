/**
 * Domain errors as IMAP replies: one line a code, checked by the compiler to be complete.
 *
 * RFC 9051 §7.1 · RFC 5530 · RFC 9208 §4.3 (OVERQUOTA)
 */
import { DomainError, type DomainErrorCode } from '#core/errors.ts';
import { SignInRefused } from '#directory/directory.ts';
import { ImapError } from './command.ts';

interface Reply {
  readonly status: 'NO' | 'BAD';
  /** RFC 5530 response code. */
  readonly code: string;
}

const REPLIES: Readonly<Record<DomainErrorCode, Reply>> = {
  'mailbox-not-found': { status: 'NO', code: 'NONEXISTENT' },
  'mailbox-exists': { status: 'NO', code: 'ALREADYEXISTS' },
  'mailbox-name-invalid': { status: 'NO', code: 'CANNOT' },
  'mailbox-not-selectable': { status: 'NO', code: 'NONEXISTENT' },
  'mailbox-has-children': { status: 'NO', code: 'HASCHILDREN' },
  'mailbox-protected': { status: 'NO', code: 'CANNOT' },
  'message-not-found': { status: 'NO', code: 'NONEXISTENT' },
  'message-expunged': { status: 'NO', code: 'EXPUNGEISSUED' },
  'message-too-large': { status: 'NO', code: 'TOOBIG' },
  'keyword-limit': { status: 'NO', code: 'LIMIT' },
  'object-limit': { status: 'NO', code: 'LIMIT' },
  'over-quota': { status: 'NO', code: 'OVERQUOTA' },
  'address-not-found': { status: 'NO', code: 'NONEXISTENT' },
  'address-invalid': { status: 'NO', code: 'CANNOT' },
  'address-exists': { status: 'NO', code: 'ALREADYEXISTS' },
  'domain-not-found': { status: 'NO', code: 'NONEXISTENT' },
  'domain-exists': { status: 'NO', code: 'ALREADYEXISTS' },
  'domain-not-empty': { status: 'NO', code: 'CANNOT' },
  'account-not-found': { status: 'NO', code: 'NONEXISTENT' },
  'account-exists': { status: 'NO', code: 'ALREADYEXISTS' },
  'account-disabled': { status: 'NO', code: 'AUTHORIZATIONFAILED' },
  'login-invalid': { status: 'NO', code: 'CANNOT' },
  'name-reserved': { status: 'NO', code: 'ALREADYEXISTS' },
  'password-invalid': { status: 'NO', code: 'CANNOT' },
  'sign-in-refused': { status: 'NO', code: 'AUTHENTICATIONFAILED' },
  // The same as a refusal: nobody learns from it whether the password was right.
  'sign-in-limited': { status: 'NO', code: 'AUTHENTICATIONFAILED' },
  'sending-limited': { status: 'NO', code: 'LIMIT' },
  'not-permitted': { status: 'NO', code: 'NOPERM' },
  'disk-full': { status: 'NO', code: 'UNAVAILABLE' },
  'store-failed': { status: 'NO', code: 'UNAVAILABLE' },
  'shutting-down': { status: 'NO', code: 'UNAVAILABLE' },
  'bad-request': { status: 'BAD', code: 'CLIENTBUG' },
};

/** The reply to an error that a command ended with; undefined for a bug. */
export function imapErrorOf(error: unknown): ImapError | undefined {
  if (error instanceof ImapError) return error;
  if (error instanceof SignInRefused) return new ImapError('NO', error.message, 'AUTHENTICATIONFAILED');
  if (!(error instanceof DomainError)) return undefined;
  const { status, code } = REPLIES[error.code];
  return new ImapError(status, error.message, code);
}

/** For APPEND, COPY and MOVE: a destination that does not exist is one that the client may create (RFC 9051 §6.3.12, TRYCREATE). */
export function withTryCreate(error: unknown): unknown {
  return error instanceof DomainError && error.code === 'mailbox-not-found' ? new ImapError('NO', error.message, 'TRYCREATE') : error;
}
