/**
 * The conversation: greeting, commands in order, farewell. One function for ports 25, 587, 465 and the local LMTP socket.
 *
 * Commands that have arrived together (RFC 2920) are run one after another without waiting for the loop, and their replies leave together.
 *
 * RFC 5321 §3.1, §3.8, §4.1.4, §4.3.1, §4.5.3 · RFC 2920 · RFC 3463
 */
import { DomainError } from '#core/errors.ts';
import { Refusal } from '#delivery/delivery.ts';
import { type Connection, type ListenerName, NetError } from '#net/connection.ts';
import { parseCommandLine } from '../wire/command-line.ts';
import { accessRefusal } from './access.ts';
import { COMMANDS } from './commands/registry.ts';
import { refusalOf } from './errors.ts';
import { type Role, Session, type SmtpServices, STRICT } from './session.ts';

/** RFC 5321 §4.5.3.1.4 asks for 512 octets, each extension for some more. */
const COMMAND_LIMIT = 2048;
/** RFC 4954 §4: the base64 of a sign-in, with `AUTH mechanism` before it. */
const AUTH_LINE_LIMIT = 12_288 + 64;
/** Above this, a client that does not read its replies is waited for before its next command is run. */
const REPLY_LIMIT = 64 * 1024;

export async function serveSmtp(connection: Connection, services: SmtpServices): Promise<void> {
  const session = new Session(connection, services, roleOf(connection.listener));
  using _closing = connection.onClosing(() => session.stopWaiting());
  try {
    connection.reader.timeoutMs =
      session.role === 'submission' ? Math.min(services.settings.signInTimeoutMs, services.settings.timeoutMs) : services.settings.timeoutMs;
    // Until sign-in a line may not take longer, however slowly it comes.
    connection.reader.unitTimeoutMs = connection.reader.timeoutMs;
    session.reply(220, undefined, `${services.settings.hostname} ${session.role === 'lmtp' ? 'LMTP' : 'ESMTP'} Capri`);
    await converse(session);
  } finally {
    await session.resetTransaction();
  }
}

async function converse(session: Session): Promise<void> {
  const { reader, writer } = session.connection;
  const signInUntilMs = performance.now() + session.services.settings.signInTimeoutMs;
  while (!session.isOver) {
    let verb = '';
    try {
      if (session.connection.isClosing) throw new NetError('aborted');
      if (writer.pendingBytes > REPLY_LIMIT) await writer.flush();
      const isSigningIn = session.role === 'submission' && session.identity === undefined;
      const limit = isSigningIn ? AUTH_LINE_LIMIT : COMMAND_LIMIT;
      const line = reader.readLineNow(limit, STRICT) ?? (await session.waitForLine(limit));
      if (isSigningIn && performance.now() > signInUntilMs) throw new Refusal(421, '4.4.2', 'Sign-in took too long');
      const parsed = parseCommandLine(line);
      verb = parsed.verb;
      session.countCommand();
      const running = run(session, verb, parsed.argument);
      if (running !== undefined) await running;
    } catch (error) {
      answer(session, error, verb);
    }
  }
}

function run(session: Session, verb: string, argument: string): Promise<void> | void {
  const command = COMMANDS.get(verb);
  if (command === undefined) {
    // A browser that was made to talk to this port, or the header of a message whose DATA was refused: nothing that follows is meant as a command.
    if (/^(?:GET|POST|PUT|HEAD|OPTIONS|CONNECT|[A-Z-]+:)$/.test(verb)) throw new Refusal(421, '4.7.0', 'This is no command', 'HTTP or a message');
    throw new Refusal(500, '5.5.1', 'Command not recognised', `unknown command ${verb.slice(0, 32)}`);
  }
  const refusal = accessRefusal(session, command.needs);
  if (refusal !== undefined) throw refusal;
  return command.run(session, argument);
}

/** The one place where what went wrong becomes a reply. Rethrows what ends the conversation without one. */
function answer(session: Session, error: unknown, verb: string): void {
  if (error instanceof Refusal) session.refuse(error, verb);
  else if (error instanceof DomainError) session.refuse(refusalOf(error), verb);
  else if (error instanceof NetError) answerNetError(session, error, verb);
  else {
    const reference = session.log.error('server.bug', error, { command: verb });
    session.reply(451, '4.3.0', `Internal error, reference ${reference}`);
  }
}

function answerNetError(session: Session, error: NetError, verb: string): void {
  switch (error.code) {
    case 'line-too-long':
      session.refuse(new Refusal(500, '5.5.2', 'Line is too long'), verb);
      return;
    case 'bare-newline':
      session.refuse(new Refusal(500, '5.5.2', 'Lines must end with CR LF and have no other CR or LF'), verb);
      return;
    case 'timeout':
      session.close(421, '4.4.2', 'Timeout, closing connection');
      return;
    case 'aborted':
      session.close(421, '4.3.2', 'Service is shutting down, closing connection');
      return;
    case 'closed':
    case 'tls-failed':
      throw error;
  }
}

function roleOf(listener: ListenerName): Role {
  if (listener === 'smtp') return 'mx';
  if (listener === 'submission' || listener === 'submissions') return 'submission';
  if (listener === 'lmtp') return 'lmtp';
  throw new Error(`listener ${listener} does not speak SMTP`);
}
