/**
 * APPEND: one message or several into a mailbox, all or none. What can be refused is refused before the literal is asked for.
 *
 * RFC 9051 §6.3.12 · RFC 3501 §6.3.11 · RFC 3502 (MULTIAPPEND) · RFC 4315 §3 (APPENDUID) · RFC 7889 (APPENDLIMIT, TOOBIG) · RFC 6855 §4 · RFC 9208 (OVERQUOTA) · RFC 3516 §4.4
 */
import { DomainError } from '#core/errors.ts';
import type { AddedMessage } from '#store/add-message.ts';
import type { AppendedMessage } from '#store/append.ts';
import type { Body } from '#store/mutation.ts';
import { appendBy, type AppendByArgs } from '#trail/mail-changes.ts';
import { type AppendArguments, isAtMessage, isAtNextMessage, type MessageArguments, parseAppend, parseMessage } from '../append/arguments.ts';
import { Upload } from '../append/upload.ts';
import { type Command, ImapError } from '../command.ts';
import { withTryCreate } from '../errors.ts';
import { mailboxNamed } from '../mailboxes.ts';
import type { Session } from '../session.ts';
import { writeSet } from '../wire/sequence-set.ts';

/** Messages of one command: they are one change of the store. */
const MESSAGE_LIMIT = 1000;
/** Octets of small messages held in memory; those beyond go to the disk while they arrive. */
const HELD_LIMIT_BYTES = 4 * 1024 * 1024;

export const append: Command<AppendArguments> = {
  name: 'APPEND',
  states: ['authenticated', 'selected'],
  streamsLiteral: isAtMessage,
  parse: parseAppend,
  async run(session, { name, first }) {
    const { mailbox, isSelectable } = await mailboxNamed(session, name).catch((error: unknown) => {
      throw withTryCreate(error);
    });
    if (!isSelectable) throw new DomainError('mailbox-not-selectable', 'The mailbox cannot hold messages');
    const room = await roomOf(session);
    const { account, actor } = session;
    const messages: AppendedMessage[] = [];
    const bodies: Body[] = [];
    const messageIds: string[] = [];
    let usedBytes = 0;
    let heldBytes = 0;
    for (let next: MessageArguments | undefined = first; next !== undefined; next = await nextMessage(session, next)) {
      if (messages.length === MESSAGE_LIMIT) throw new ImapError('NO', 'Too many messages in one command', 'LIMIT');
      usedBytes += next.header.sizeBytes;
      check(session, next, usedBytes > room.freeBytes);
      const upload = new Upload(session.store, next.header, heldBytes + next.header.sizeBytes <= HELD_LIMIT_BYTES);
      heldBytes += upload.heldBytes;
      const { message, body, messageId } = await receive(session, upload);
      bodies.push(body);
      messageIds.push(messageId);
      messages.push({ message, flags: next.flags, keywords: next.keywords, receivedAtMs: next.receivedAtMs ?? session.services.clock.nowMs() });
    }
    const added = await commit(
      session,
      { account, mailbox, messages, nowMs: session.services.clock.nowMs(), limitBytes: room.limitBytes, actor, name, messageIds },
      bodies,
    );
    return { code: `APPENDUID ${added[0]?.uidValidity ?? 0} ${writeSet(added.map(({ uid }) => uid))}`, text: 'APPEND completed.' };
  },
};

async function commit(session: Session, args: AppendByArgs, bodies: readonly Body[]): Promise<readonly AddedMessage[]> {
  try {
    return await session.store.commit(appendBy, args, bodies);
  } catch (error) {
    // The mailbox may have been deleted while the message was on its way.
    throw withTryCreate(error);
  }
}

async function roomOf(session: Session): Promise<{ readonly limitBytes: number; readonly freeBytes: number }> {
  const { limitBytes, usedBytes } = await session.services.directory.quota(session.account);
  return { limitBytes, freeBytes: limitBytes > 0 ? limitBytes - usedBytes : Number.POSITIVE_INFINITY };
}

/** What is known of a message before it comes. */
function check(session: Session, { header }: MessageArguments, isOverQuota: boolean): void {
  // RFC 3502 §6.3.11: an empty literal is how a client calls a MULTIAPPEND off.
  if (header.sizeBytes === 0) throw new ImapError('NO', 'An empty message cannot be appended');
  if (header.sizeBytes > session.services.settings.appendLimitBytes) throw new ImapError('NO', 'The message is too large', 'TOOBIG');
  if (isOverQuota) throw new DomainError('over-quota', 'There is no room for this message');
}

/** Reads the literal that is on the line. */
async function receive(session: Session, upload: Upload): ReturnType<Upload['finish']> {
  try {
    await session.input.acceptLiteral();
    for (let chunk = await session.input.readLiteral(); chunk.length > 0; chunk = await session.input.readLiteral()) await upload.write(chunk);
    return await upload.finish(session.services.settings.appendLimitBytes);
  } catch (error) {
    await upload.abort();
    throw error;
  }
}

/** The arguments of the message behind the one that was read; undefined at the end of the command. */
async function nextMessage(session: Session, previous: MessageArguments): Promise<MessageArguments | undefined> {
  const cursor = await session.input.continueCommand(isAtNextMessage);
  if (previous.isUtf8) cursor.expect(')');
  if (!cursor.isAtEnd) return parseMessage(cursor);
  cursor.end();
  return undefined;
}
