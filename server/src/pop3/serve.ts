/**
 * The POP3 door: reads commands, finds who runs them, writes what went wrong.
 *
 * RFC 1939 §3 · RFC 2449 §4 (parameters), §6.6 (PIPELINING), §8 (response codes)
 */
import { yieldToLoop } from '#core/async.ts';
import { decodeUtf8 } from '#core/bytes.ts';
import { type Connection, NetError } from '#net/connection.ts';
import { commandNamed } from './commands/registry.ts';
import { Pop3Error, pop3ErrorOf } from './errors.ts';
import type { Pop3Services } from './services.ts';
import { Session } from './session.ts';
import * as texts from './texts.ts';

/** Octets of a command line: RFC 2449 §4 asks for 255, an initial response of AUTH may need more. */
const LINE_LIMIT = 2048;
/** Bad commands and refused sign-ins that a client gets before it has to leave. */
const BAD_LIMIT = 10;
/** Commands that have arrived together run so many in a row before others get their turn. */
const TURN = 32;

/** Serves one connection until it ends. */
export async function servePop3(connection: Connection, services: Pop3Services): Promise<void> {
  const session = new Session(connection, services);
  using _closing = connection.onClosing(() => {
    if (session.isWaiting) session.refuse(new Pop3Error(texts.stopping, { code: 'SYS/TEMP' }));
  });
  session.ok(texts.ready, services.settings.hostname);
  try {
    await converse(session);
  } catch (error) {
    if (!(error instanceof NetError && error.code === 'timeout')) throw error;
    // RFC 1939 §3: when the timer expires nothing is removed.
    expel(session, new Pop3Error(texts.timeout));
  } finally {
    session.end();
  }
}

async function converse(session: Session): Promise<void> {
  const signInUntilMs = performance.now() + session.services.settings.signInTimeoutMs;
  let bad = 0;
  for (let count = 1; session.state !== 'closed'; count++) {
    if (session.connection.isClosing) return session.refuse(new Pop3Error(texts.stopping, { code: 'SYS/TEMP' }));
    if (count % TURN === 0) await yieldToLoop();
    if (session.identity === undefined && !session.waitsUntil(signInUntilMs)) return expel(session, new Pop3Error(texts.timeout));
    try {
      const line = await nextLine(session);
      if (await session.hasLostAccess()) return session.refuse(new Pop3Error(texts.lostAccess, { code: 'AUTH' }));
      await runLine(session, line);
    } catch (error) {
      if (answer(session, error).isBad) bad++;
      if (bad >= BAD_LIMIT) return expel(session, new Pop3Error(texts.tooManyBad, { code: 'SYS/PERM' }));
    }
    await session.drain();
  }
}

/** Ends the conversation because of what the client did. */
function expel(session: Session, error: Pop3Error): void {
  session.log.info('pop3.refused', { reason: error.message, remote: session.connection.remote.address });
  session.refuse(error);
}

async function nextLine(session: Session): Promise<Buffer> {
  const { reader } = session.connection;
  const ready = reader.readLineNow(LINE_LIMIT);
  if (ready) return ready;
  session.isWaiting = true;
  try {
    return await reader.readLine(LINE_LIMIT);
  } finally {
    session.isWaiting = false;
  }
}

async function runLine(session: Session, line: Buffer): Promise<void> {
  const text = decodeUtf8(line);
  if (text === undefined || hasControls(line)) throw new Pop3Error(texts.notText, { isBad: true });
  const space = text.indexOf(' ');
  const name = (space < 0 ? text : text.slice(0, space)).toUpperCase();
  const command = commandNamed(name);
  if (command === undefined) throw new Pop3Error(texts.unknownCommand, { isBad: true });
  if (!command.states.includes(session.state)) throw new Pop3Error(texts.wrongState, { isBad: true });
  // Some clients pad commands with spaces; only in a password they mean something.
  const argument = space < 0 ? '' : text.slice(space + 1);
  await command.run(session, name === 'PASS' ? argument : argument.trimEnd());
}

/** Writes the reply to what went wrong. A connection that is gone is not an error of a command. */
function answer(session: Session, error: unknown): { readonly isBad: boolean } {
  const known = error instanceof NetError && error.code === 'line-too-long' ? new Pop3Error(texts.lineTooLong, { isBad: true }) : pop3ErrorOf(error);
  if (known) {
    session.refuse(known);
    return known;
  }
  if (error instanceof NetError) throw error;
  session.refuse(new Pop3Error(texts.bug, { code: 'SYS/TEMP' }), session.log.error('server.bug', error, { door: 'pop3' }));
  return { isBad: false };
}

function hasControls(line: Buffer): boolean {
  for (const octet of line) if (octet < 0x20 || octet === 0x7f) return true;
  return false;
}
