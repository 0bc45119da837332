/**
 * The IMAP door: reads commands, finds who runs them, writes the one tagged reply.
 *
 * RFC 9051 §2.2, §3, §5.4, §5.5, §7.1
 */
import { yieldToLoop } from '#core/async.ts';
import { type Connection, NetError } from '#net/connection.ts';
import { capabilities } from './capabilities.ts';
import { type Command, ImapError, type State, type TaggedOk } from './command.ts';
import { commandNamed } from './commands/registry.ts';
import { imapErrorOf } from './errors.ts';
import { leaveMailbox } from './open-mailbox.ts';
import type { ImapServices } from './services.ts';
import { Session } from './session.ts';

/** BAD replies and refused sign-ins in a row that a client gets before it has to leave. */
const BAD_LIMIT = 10;
/** Commands that have arrived together run so many in a row before others get their turn. */
const TURN = 32;
const LONGEST_TAG = 64;
const SPACE = 0x20;
const LOST_ACCESS = 'The account was changed: sign in again';

/** Serves one connection until it ends. */
export async function serveImap(connection: Connection, services: ImapServices): Promise<void> {
  const session = new Session(connection, services);
  using _closing = connection.onClosing(() => {
    if (session.isWaiting) bye(session, 'The server is shutting down');
  });
  session.untagged(`OK [CAPABILITY ${capabilities(session)}] ${services.settings.hostname} is ready`);
  try {
    await converse(session);
  } catch (error) {
    if (!(error instanceof NetError && error.code === 'timeout')) throw error;
    expel(session, 'Silent for too long');
  } finally {
    leaveMailbox(session);
    session.end();
  }
}

async function converse(session: Session): Promise<void> {
  const { connection } = session;
  const signInUntilMs = performance.now() + session.services.settings.signInTimeoutMs;
  let badInARow = 0;
  for (let count = 1; session.state !== 'logout'; count++) {
    if (connection.isClosing) return bye(session, 'The server is shutting down');
    if (session.mayHaveLostAccess && !(await session.isAllowed())) return bye(session, LOST_ACCESS);
    if (count % TURN === 0) await yieldToLoop();
    if (session.identity === undefined && !session.waitsUntil(signInUntilMs)) return expel(session, 'Sign-in took too long');
    const outcome = await oneCommand(session);
    if (outcome === 'bye') return;
    badInARow = outcome === 'bad' ? badInARow + 1 : 0;
    if (badInARow >= BAD_LIMIT) return expel(session, 'Too many bad commands');
    await session.drain();
  }
}

async function oneCommand(session: Session): Promise<'ok' | 'bad' | 'bye'> {
  let tag = '*';
  try {
    const line = await nextLine(session);
    const head = readHead(line);
    tag = head.tag;
    return await runCommand(session, line, head);
  } catch (error) {
    if (error instanceof NetError) {
      if (error.code !== 'line-too-long') throw error;
      session.writer.write(`${tag} BAD The line is too long\r\n`);
      return 'bad';
    }
    return refuse(session, tag, error);
  }
}

async function nextLine(session: Session): Promise<Buffer> {
  session.isWaiting = true;
  try {
    return await session.input.firstLine();
  } finally {
    session.isWaiting = false;
  }
}

interface Head {
  readonly tag: string;
  readonly name: string;
  readonly kind: 'seq' | 'uid';
  /** Where the arguments begin, with the space before them. */
  readonly end: number;
}

/** Tag and name of a command, `UID` joined to the name that follows. The name is empty where there is none. */
function readHead(line: Buffer): Head {
  const tagEnd = wordEnd(line, 0);
  const tag = line.toString('latin1', 0, tagEnd);
  if (tagEnd === 0 || tagEnd > LONGEST_TAG || !/^[!#$&',\-./0-9:;<=>?@A-Z[\]^_`a-z|}~]+$/.test(tag)) return { tag: '*', name: '', kind: 'seq', end: tagEnd };
  const nameEnd = wordEnd(line, tagEnd + 1);
  const name = line.toString('latin1', tagEnd + 1, nameEnd).toUpperCase();
  if (name !== 'UID') return { tag, name, kind: 'seq', end: nameEnd };
  const secondEnd = wordEnd(line, nameEnd + 1);
  return { tag, name: line.toString('latin1', nameEnd + 1, secondEnd).toUpperCase(), kind: 'uid', end: secondEnd };
}

function wordEnd(line: Buffer, start: number): number {
  const end = line.indexOf(SPACE, start);
  return end < 0 ? Math.max(start, line.length) : end;
}

async function runCommand(session: Session, line: Buffer, { tag, name, kind, end }: Head): Promise<'ok' | 'bad'> {
  const command = commandNamed(name);
  try {
    if (command === undefined || (kind === 'uid' && command.hasUidForm !== true)) {
      throw new ImapError('BAD', tag === '*' ? 'A tag and a command were expected' : 'Unknown command');
    }
    if (!command.states.includes(session.state)) throw new ImapError('BAD', wrongState(command.states));
  } catch (error) {
    await session.input.discard(line);
    throw error;
  }
  let result: TaggedOk | void;
  try {
    session.tag = tag;
    const cursor = await session.input.collect(line, end, command.streamsLiteral);
    const args = command.parse(cursor, kind);
    await prepareSelected(session);
    result = await command.run(session, args, kind);
  } catch (error) {
    // A line that is silent or gone has no rest that is worth waiting for again.
    if (!(error instanceof NetError)) await session.input.discardRest();
    throw error;
  }
  await session.input.discardRest();
  await tellBefore(session, command, kind);
  const code = result?.code === undefined ? '' : `[${result.code}] `;
  session.writer.write(`${tag} OK ${code}${result?.text ?? `${command.name} completed`}\r\n`);
  await result?.afterwards?.();
  return 'ok';
}

/** Commands may take the keyword names for granted; changes made from here on may be their own. */
async function prepareSelected({ selected }: Session): Promise<void> {
  if (selected === undefined) return;
  await selected.keywords.refresh(selected.base.atModseq);
  selected.view.beginCommand();
}

/** Untagged news goes out before the tagged OK; after a command that failed it waits for the next. */
async function tellBefore(session: Session, command: Command<unknown>, kind: 'seq' | 'uid'): Promise<void> {
  if (session.selected === undefined) return;
  await session.tellUpdates({ expunges: command.holdsExpunges?.(kind) !== true });
  if (session.selected.view.isDeleted) throw new ImapError('BYE', 'The selected mailbox was deleted');
}

function wrongState(states: readonly State[]): string {
  if (states.includes('not-authenticated')) return 'Already signed in';
  return states.includes('authenticated') ? 'Sign in first' : 'Select a mailbox first';
}

function refuse(session: Session, tag: string, error: unknown): 'ok' | 'bad' | 'bye' {
  const known = imapErrorOf(error);
  if (known === undefined) {
    const reference = session.log.error('server.bug', error, { door: 'imap' });
    session.writer.write(`${tag} NO [SERVERBUG] Internal error, reference ${reference}\r\n`);
    return 'ok';
  }
  const code = known.code === undefined ? '' : `[${known.code}] `;
  if (known.status === 'BYE') {
    expel(session, `${code}${printable(known.message)}`);
    return 'bye';
  }
  session.writer.write(`${tag} ${known.status} ${code}${printable(known.message)}\r\n`);
  return known.status === 'BAD' || known.code === 'AUTHENTICATIONFAILED' ? 'bad' : 'ok';
}

function bye(session: Session, text: string): void {
  session.untagged(`BYE ${text}`);
}

/** Ends the conversation because of what the client did. */
function expel(session: Session, text: string): void {
  session.log.info('imap.refused', { reason: text, remote: session.connection.remote.address });
  bye(session, text);
}

/** Messages may quote what a client or stranger wrote: nothing of it may look like the end of a line. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?');
}
