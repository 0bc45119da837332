/**
 * SASL as every door uses it: one file a mechanism, one driver. The door moves base64 lines; the mechanism sees bytes.
 * RFC 4422 · RFC 4616 (PLAIN) · RFC 5802, RFC 7677, RFC 9266 (SCRAM) · draft-murchison-sasl-login (LOGIN)
 */
import type { Directory, Identity, SignInContext } from '#directory/directory.ts';
import type { TlsFacts } from '#net/connection.ts';

export interface SaslContext extends SignInContext {
  readonly directory: Directory;
  readonly tls: TlsFacts | undefined;
}

/** After each client message: either the server says more, or the exchange is over. `final` is server data that accompanies success (SCRAM's verifier). */
export type SaslStep =
  | { readonly kind: 'challenge'; readonly data: Uint8Array }
  | { readonly kind: 'done'; readonly identity: Identity; readonly final: Uint8Array | undefined };

export interface SaslExchange {
  /** Takes the client's next message (the initial response, where it sent one; undefined where it sent none). Throws SignInRefused, also for malformed messages. */
  next(response: Uint8Array | undefined): Promise<SaslStep>;
}

export interface Mechanism {
  /** As registered: `SCRAM-SHA-256-PLUS`. */
  readonly name: string;
  /** Whether it works only for accounts with SCRAM keys: then it is shown only where all have them (`Directory.showsScram`). */
  readonly needsScramKeys: boolean;
  /** Whether it can be used on this connection. No mechanism can without TLS. */
  isOffered(tls: TlsFacts | undefined): boolean;
  start(context: SaslContext): SaslExchange;
}
