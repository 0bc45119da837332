/**
 * The part of a delivery status notification that is for people: which message, what became of it for whom, why, what helps, when it goes on; the words of the
 * machines come last.
 *
 * RFC 3464 §1 · RFC 3461 §6.1
 */
import type { Dsn, DsnRecipient } from './dsn.ts';
import { type DsnAction, dsnTexts, type DsnTexts, momentText } from './dsn-text.ts';
import { decodeWords } from './encoded-word.ts';
import type { Header } from './header.ts';

/** The gravest first. */
export const SEVERITY: readonly DsnAction[] = ['failed', 'delayed', 'relayed', 'expanded', 'delivered'];

/** Columns of a line, as mail programs expect. */
const WIDTH = 76;

/** LF line ends. */
export function humanText(dsn: Dsn, header: Header): string {
  const texts = dsnTexts(dsn.language);
  const blocks = [aboutMessage(dsn, header, texts)];
  for (const action of SEVERITY) {
    const concerned = dsn.recipients.filter((recipient) => recipient.action === action);
    if (concerned.length === 0) continue;
    blocks.push(wrap(texts.introduction[action], ''), ...concerned.map((recipient) => recipientText(recipient)));
    if (action === 'delayed') blocks.push(...times(concerned, dsn, texts));
  }
  blocks.push(texts.returned[dsn.returned]);
  const technical = dsn.recipients.flatMap((recipient) => technicalText(recipient, texts));
  if (technical.length > 0) blocks.push(`${texts.technical}:`, ...technical);
  return `${blocks.join('\n\n')}\n`;
}

function aboutMessage({ arrivalMs, timeZone = 'UTC' }: Dsn, header: Header, texts: DsnTexts): string {
  const subject = plain(decodeWords(header.first('subject') ?? '')).slice(0, 200);
  const lines = [`${texts.yourMessage}:`, ''];
  if (subject !== '') lines.push(wrap(`${texts.originalSubject}: ${subject}`, '  '));
  lines.push(`  ${texts.sentAt}: ${momentText(arrivalMs, texts.language, timeZone)}`);
  return lines.join('\n');
}

function recipientText({ address, cause, remedy }: DsnRecipient): string {
  return [`  ${plain(address)}`, ...[cause, remedy].flatMap((sentence) => (sentence === undefined ? [] : [wrap(sentence, '    ')]))].join('\n');
}

/** When it goes on: the earliest next attempt, and the last one. */
function times(delayed: readonly DsnRecipient[], { timeZone = 'UTC' }: Dsn, texts: DsnTexts): readonly string[] {
  const next = Math.min(...delayed.map(({ nextAttemptMs }) => nextAttemptMs ?? Number.POSITIVE_INFINITY));
  const until = Math.max(...delayed.map(({ retryUntilMs }) => retryUntilMs ?? Number.NEGATIVE_INFINITY));
  const lines: string[] = [];
  if (Number.isFinite(next)) lines.push(texts.nextAttempt(momentText(next, texts.language, timeZone)));
  if (Number.isFinite(until)) lines.push(texts.retryUntil(momentText(until, texts.language, timeZone)));
  return lines.length === 0 ? [] : [wrap(lines.join(' '), '')];
}

function technicalText({ address, action, diagnostic, remoteHost }: DsnRecipient, texts: DsnTexts): readonly string[] {
  if ((action !== 'failed' && action !== 'delayed') || diagnostic === undefined || diagnostic === '') return [];
  const said = `${remoteHost === undefined ? texts.found : texts.reply(plain(remoteHost))} ${plain(diagnostic).slice(0, 900)}`;
  return [`  ${plain(address)}\n${wrap(said, '    ')}`];
}

/** Without controls, and without characters that turn the direction of what follows. */
function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]+/gu, ' ').trim();
}

/** Lines of at most WIDTH columns, unless a word is longer. */
function wrap(text: string, indent: string): string {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(/\s+/)) {
    if (line !== indent && line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = indent;
    }
    line += line === indent ? word : ` ${word}`;
  }
  lines.push(line);
  return lines.join('\n');
}
