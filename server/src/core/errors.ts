/**
 * Domain errors: what can go wrong in Capri's own terms. Each door has one exhaustive table from these codes to the replies of its protocol, so
 * that the store never words a protocol's answer and a door never guesses at a cause.
 */

/** Every code, with whether trying again later may help. */
export const DOMAIN_ERRORS = {
  'mailbox-not-found': { temporary: false },
  'mailbox-exists': { temporary: false },
  'mailbox-name-invalid': { temporary: false },
  'mailbox-not-selectable': { temporary: false },
  'mailbox-has-children': { temporary: false },
  'mailbox-protected': { temporary: false },
  'message-not-found': { temporary: false },
  'message-expunged': { temporary: false },
  'message-too-large': { temporary: false },
  'keyword-limit': { temporary: false },
  'object-limit': { temporary: false },
  'over-quota': { temporary: false },
  'address-not-found': { temporary: false },
  'address-invalid': { temporary: false },
  'address-exists': { temporary: false },
  'domain-not-found': { temporary: false },
  'domain-exists': { temporary: false },
  'domain-not-empty': { temporary: false },
  'account-not-found': { temporary: false },
  'account-exists': { temporary: false },
  'account-disabled': { temporary: false },
  'login-invalid': { temporary: false },
  'name-reserved': { temporary: false },
  'password-invalid': { temporary: false },
  'sign-in-refused': { temporary: false },
  'sign-in-limited': { temporary: true },
  'sending-limited': { temporary: true },
  'not-permitted': { temporary: false },
  'disk-full': { temporary: true },
  'store-failed': { temporary: true },
  'shutting-down': { temporary: true },
  'bad-request': { temporary: false },
} as const;

export type DomainErrorCode = keyof typeof DOMAIN_ERRORS;

/** A refusal with a code that a door can translate; `message` is for people and logs, `details` for logs only (never secrets). */
export class DomainError extends Error {
  readonly code: DomainErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: DomainErrorCode, message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.name = 'DomainError';
    this.code = code;
    this.details = details;
  }

  /** Whether the same request may succeed later. */
  get temporary(): boolean {
    return DOMAIN_ERRORS[this.code].temporary;
  }
}

/** The compiler's proof that a switch is exhaustive; reached only by a bug. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}
