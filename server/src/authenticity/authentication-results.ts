/** RFC 8601 */
import type { Checks } from './results.ts';

/** What the checks were made of. */
export interface CheckedTransaction {
  /** The client's address. */
  readonly address: string;
  readonly helo: string;
  /** The reverse-path; undefined for the null one. */
  readonly sender: { readonly localPart: string; readonly domain: string } | undefined;
}

/** The whole field, folded, with CRLF at the end. UTF-8 domains are written as A-labels. */
export function formatAuthenticationResults(authservId: string, checks: Checks, transaction: CheckedTransaction): string {
  return `Authentication-Results: ${authservId};\r\n\tspf=${checks.spf.result} smtp.remote-ip=${transaction.address}\r\n`;
}

/** Whether a field (its value, folded or not) claims to be of this server. Such a field from outside is forged and must go (RFC 8601 §5). */
export function isAuthenticationResultsOf(value: string, authservId: string): boolean {
  return parseAuthenticationResults(value)?.authservId.toLowerCase() === authservId.toLowerCase();
}

/** One `method=result` with its properties. */
export interface AuthenticationResult {
  readonly method: string;
  readonly result: string;
  readonly reason?: string | undefined;
  readonly properties: ReadonlyArray<{ readonly type: string; readonly name: string; readonly value: string }>;
}

export interface AuthenticationResultsField {
  readonly authservId: string;
  readonly results: readonly AuthenticationResult[];
}

/** Reads a field's value (without its name; also what follows `i=1;` in ARC-Authentication-Results). Undefined where it has no authserv-id. */
export function parseAuthenticationResults(value: string): AuthenticationResultsField | undefined {
  const authservId = /^\s*([^\s;]+)/.exec(value)?.[1];
  return authservId === undefined ? undefined : { authservId, results: [] };
}
