/**
 * MAIL: begins a message.
 *
 * RFC 5321 §4.1.1.2, §4.1.4 · RFC 6710 §4.1 (MT-PRIORITY) · RFC 6531 §3.4, §3.7.1 (SMTPUTF8) · RFC 9422 §3.1 (MAILMAX)
 *
 * A space behind the colon is let pass: many programs write it, and nothing else can be meant.
 */
import { formatPath } from '#delivery/path-text.ts';
import { Refusal } from '#delivery/delivery.ts';
import { parseSenderParameters } from '../../wire/parameters.ts';
import { parsePath } from '../../wire/path.ts';
import type { Command } from '../command.ts';
import type { Session } from '../session.ts';
import { futureRelease, offersRequireTls } from './hello.ts';

export const mail: Command = { verb: 'MAIL', syntax: 'MAIL FROM:<address> [parameters]', needs: 'sign-in', run };

async function run(session: Session, argument: string): Promise<void> {
  if (session.helo === '') throw new Refusal(503, '5.5.1', `Say ${session.role === 'lmtp' ? 'LHLO' : 'EHLO'} first`);
  if (session.transaction !== undefined) throw new Refusal(503, '5.5.1', 'A message was begun already');
  const start = /^FROM: */i.exec(argument)?.[0].length;
  if (start === undefined) throw new Refusal(501, '5.5.4', 'Syntax: MAIL FROM:<address>');
  const { path, end, isInternational } = parsePath(argument, start, 'sender');
  const isSubmission = session.role === 'submission';
  const asked = parseSenderParameters(parameterText(session, argument, end), {
    dsn: isSubmission,
    auth: isSubmission,
    requireTls: offersRequireTls(session),
    deliverBy: isSubmission,
    futureRelease: futureRelease(session),
    priority: session.role !== 'lmtp',
  });
  // Strangers cannot push past others; who asks to be passed may be (RFC 6710 §4.1).
  const isPriorityChanged = (asked.mtPriority ?? 0) > 0 && session.identity === undefined;
  const parameters = isPriorityChanged ? { ...asked, mtPriority: 0 } : asked;
  if (isInternational && !parameters.smtpUtf8) throw new Refusal(553, '5.6.7', 'An address that is not ASCII needs SMTPUTF8');
  if (session.messageCount >= session.services.settings.maxMessages) throw new Refusal(421, '4.7.0', 'Too many messages in one session');

  const envelope = await session.services.delivery.begin(session.peer(parameters.smtpUtf8), path, parameters);
  session.messageCount++;
  session.transaction = { envelope, sender: formatPath(path), parameters, isPriorityChanged, chunked: undefined };
  session.reply(250, '2.1.0', 'Ok');
}

/** What stands behind the path. Throws where something else than a space follows it, and where HELO asked for no extensions. */
export function parameterText(session: Session, argument: string, end: number): string {
  if (end === argument.length) return '';
  if (argument[end] !== ' ') throw new Refusal(501, '5.5.4', 'Malformed command');
  const text = argument.slice(end + 1);
  if (text !== '' && !session.isExtended) throw new Refusal(555, '5.5.4', 'Parameters need EHLO');
  return text;
}
