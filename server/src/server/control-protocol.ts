/**
 * What goes over the control socket: one JSON line each way, then the end. Whoever may open the socket may do everything, as the administrator; with a sign-in in the
 * request, only what that account may.
 */
import { DOMAIN_ERRORS, DomainError, type DomainErrorCode } from '#core/errors.ts';
import type { Credentials, OperationRequest } from './call-operation.ts';

export type ControlAnswer = { readonly ok: true; readonly output: unknown } | { readonly ok: false; readonly code: string; readonly message: string };

/** Octets of a request or an answer. */
export const REQUEST_LIMIT_BYTES: number = 1024 * 1024;
export const ANSWER_LIMIT_BYTES: number = 256 * 1024 * 1024;

/** A request as it came in; undefined for anything else, and above all for a sign-in that is none: it must never count as none at all. */
export function parseRequest(line: string): OperationRequest | undefined {
  const value = parseJson(line);
  if (typeof value !== 'object' || value === null || !('operation' in value) || typeof value.operation !== 'string') return undefined;
  const input = 'input' in value ? value.input : {};
  if (!('signIn' in value)) return { operation: value.operation, input };
  const signIn = credentialsIn(value.signIn);
  return signIn && { operation: value.operation, input, signIn };
}

function credentialsIn(value: unknown): Credentials | undefined {
  if (typeof value !== 'object' || value === null || !('login' in value) || !('password' in value)) return undefined;
  const { login, password } = value;
  return typeof login === 'string' && typeof password === 'string' ? { login, password } : undefined;
}

/** An answer's output. Throws the DomainError that it carries. */
export function outputOf(line: string): unknown {
  const value = parseJson(line);
  if (typeof value !== 'object' || value === null || !('ok' in value)) throw new Error('the server gave no answer; see its log');
  if (value.ok === true) return 'output' in value ? value.output : undefined;
  const code = 'code' in value && typeof value.code === 'string' ? value.code : '';
  const message = 'message' in value ? String(value.message) : 'refused';
  if (isDomainErrorCode(code)) throw new DomainError(code, message);
  throw new Error(message);
}

function isDomainErrorCode(code: string): code is DomainErrorCode {
  return Object.hasOwn(DOMAIN_ERRORS, code);
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
