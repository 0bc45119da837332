/**
 * The mechanisms, and one driver that runs an exchange for every door. The door gives it the line with the initial response and a way to put a challenge to
 * the client; it gets an identity or an error back.
 *
 * RFC 4422 §3 · RFC 4954 §4 (SMTP) · RFC 9051 §6.2.2 (IMAP) · RFC 5034 §4 (POP3)
 */
import type { Directory, Identity } from '#directory/directory.ts';
import type { TlsFacts } from '#net/connection.ts';
import { decodeBase64, encodeBase64 } from './base64.ts';
import { login } from './login.ts';
import { MalformedResponse } from './malformed.ts';
import type { Mechanism, SaslContext } from './mechanism.ts';
import { plain } from './plain.ts';
import { scramSha256, scramSha256Plus } from './scram.ts';

/** All, in the order in which they are offered: the strongest first. */
export const mechanisms: readonly Mechanism[] = [scramSha256Plus, scramSha256, plain, login];

/** Those to be shown in a list on a connection; none on a plain line. */
export function offeredMechanisms(tls: TlsFacts | undefined, directory: Directory): readonly Mechanism[] {
  return mechanisms.filter((mechanism) => mechanism.isOffered(tls) && (!mechanism.needsScramKeys || directory.showsScram));
}

/** The mechanism of this name, in any case, if it can be used on this connection: whether it is shown or not. */
export function findMechanism(name: string, tls: TlsFacts | undefined): Mechanism | undefined {
  const upper = name.toUpperCase();
  return mechanisms.find((mechanism) => mechanism.name === upper && mechanism.isOffered(tls));
}

/** The client ended the exchange with `*`: BAD in IMAP, 501 in SMTP, -ERR in POP3. */
export class SaslCancelled extends Error {
  constructor() {
    super('authentication cancelled');
    this.name = 'SaslCancelled';
  }
}

export interface ExchangeOptions {
  readonly mechanism: Mechanism;
  readonly context: SaslContext;
  /** What stood behind the mechanism's name: base64, `=` for an empty response, undefined where there was nothing. */
  readonly initialResponse: string | undefined;
  /** Sends a challenge (base64, perhaps empty) in the door's form and returns the client's next line without its line end. */
  readonly ask: (challenge: string) => Promise<string>;
}

/** Runs an exchange to its end. Throws SignInRefused (also for malformed messages), SaslCancelled, and what `ask` throws. */
export async function authenticate({ mechanism, context, initialResponse, ask }: ExchangeOptions): Promise<Identity> {
  // A refusal is timed from the client's last message on, as the directory times its own.
  let heardMs = performance.now();
  const hear = async (challenge: Uint8Array): Promise<Buffer> => {
    const line = await ask(encodeBase64(challenge));
    heardMs = performance.now();
    return decodeResponse(line);
  };
  try {
    const exchange = mechanism.start(context);
    let step = await exchange.next(initialResponse === undefined ? undefined : decodeResponse(initialResponse === '=' ? '' : initialResponse));
    // No mechanism here takes more than three rounds.
    for (let round = 0; step.kind === 'challenge'; round++) {
      if (round === 4) throw new MalformedResponse();
      step = await exchange.next(await hear(step.data));
    }
    // Data that comes with success travels as one more challenge, which the client answers with nothing (RFC 4422 §4, for protocols without room in the reply).
    if (step.final !== undefined && (await hear(step.final)).length > 0) throw new MalformedResponse();
    return step.identity;
  } catch (error) {
    if (error instanceof MalformedResponse) return await context.directory.refuseMalformed(context, heardMs);
    throw error;
  }
}

function decodeResponse(line: string): Buffer {
  if (line === '*') throw new SaslCancelled();
  return decodeBase64(line);
}
