/**
 * Refusals, and what errors of the rooms below become.
 * RFC 1939 §3 · RFC 2449 §8 (response codes) · RFC 3206 (SYS/TEMP, SYS/PERM, AUTH)
 */
import { DOMAIN_ERRORS, DomainError } from '#core/errors.ts';
import { SignInRefused } from '#directory/directory.ts';
import { SaslCancelled } from '#sasl/exchange.ts';
import * as texts from './texts.ts';
import type { Text } from './texts.ts';

export type ResponseCode = 'AUTH' | 'SYS/TEMP' | 'SYS/PERM' | 'LOGIN-DELAY';

/** A `-ERR` reply. */
export class Pop3Error extends Error {
  readonly text: Text;
  readonly code: ResponseCode | undefined;
  /** Whether the client broke the protocol (or was refused): such replies are counted. */
  readonly isBad: boolean;

  constructor(text: Text, options: { readonly code?: ResponseCode; readonly isBad?: boolean } = {}) {
    super(text[0]);
    this.name = 'Pop3Error';
    this.text = text;
    this.code = options.code;
    this.isBad = options.isBad ?? false;
  }
}

/** The reply for an error; undefined for a bug. */
export function pop3ErrorOf(error: unknown): Pop3Error | undefined {
  if (error instanceof Pop3Error) return error;
  if (error instanceof SignInRefused) return new Pop3Error(texts.refused(error.helpUrl), { code: 'AUTH', isBad: true });
  if (error instanceof SaslCancelled) return new Pop3Error(texts.cancelled, { isBad: true });
  if (!(error instanceof DomainError)) return undefined;
  if (error.code === 'message-expunged' || error.code === 'message-not-found') return new Pop3Error(texts.isGone);
  if (error.code === 'mailbox-not-found' || error.code === 'account-not-found') return new Pop3Error(texts.noMaildrop, { code: 'SYS/PERM' });
  return DOMAIN_ERRORS[error.code].temporary ? new Pop3Error(texts.temporary, { code: 'SYS/TEMP' }) : undefined;
}
