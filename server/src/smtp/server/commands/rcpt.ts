/** RCPT: adds a recipient. RFC 5321 §4.1.1.3, §3.6.1 (relaying) · RFC 6531 §3.7.1 */
import { Refusal } from '#delivery/delivery.ts';
import { parseRecipientParameters } from '../../wire/parameters.ts';
import { parsePath } from '../../wire/path.ts';
import type { Command } from '../command.ts';
import type { Session } from '../session.ts';
import { parameterText } from './mail.ts';

export const rcpt: Command = { verb: 'RCPT', syntax: 'RCPT TO:<address> [parameters]', needs: 'sign-in', run };

async function run(session: Session, argument: string): Promise<void> {
  const { transaction } = session;
  if (transaction === undefined) throw new Refusal(503, '5.5.1', 'Say MAIL first');
  if (transaction.chunked !== undefined) throw new Refusal(503, '5.5.1', 'The message has begun');
  const start = /^TO: */i.exec(argument)?.[0].length;
  if (start === undefined) throw new Refusal(501, '5.5.4', 'Syntax: RCPT TO:<address>');
  const { path, end, isInternational } = parsePath(argument, start, 'recipient');
  const parameters = parseRecipientParameters(parameterText(session, argument, end), { dsn: session.role === 'submission', auth: false });
  if (isInternational && !transaction.parameters.smtpUtf8) throw new Refusal(553, '5.6.7', 'An address that is not ASCII needs SMTPUTF8');
  if (path === undefined) throw new Refusal(501, '5.1.3', 'Recipient address is empty');

  await transaction.envelope.recipient(path, parameters);
  session.countProgress();
  session.reply(250, '2.1.5', 'Ok');
}
