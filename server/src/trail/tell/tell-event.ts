/** An event of the trail in plain words. Pure: the same event gives the same sentences. */
import { explainReply, type ExplainLanguage } from '../explain/explain-reply.ts';
import { isSet, objectOf, objectsOf, oneLine, textOf, textsOf, tlsVersion } from './details.ts';
import { ENGLISH } from './english.ts';
import type { ToldEvent } from './event.ts';
import { POLISH } from './polish.ts';
import type { Words } from './words.ts';

/** Recipients that are named; of the others their number is said. */
const NAMED = 10;

export function wordsOf(language: ExplainLanguage): Words {
  return language === 'pl' ? POLISH : ENGLISH;
}

/** One or more sentences. */
export function tellEvent(told: ToldEvent, language: ExplainLanguage): string {
  return sentences(told, wordsOf(language), language)
    .filter((sentence) => sentence !== '')
    .join(' ');
}

function sentences(told: ToldEvent, words: Words, language: ExplainLanguage): readonly string[] {
  const { event, details } = told;
  const recipients = names(told);
  switch (event) {
    case 'received':
      return received(told, words);
    case 'refused': {
      const reply = textOf(details, 'reply');
      const reasons = reasonsOf(told, words);
      return [words.refused(from(told, words), reasons), checks(told, words), reply === '' ? '' : words.answered(ended(reply))];
    }
    case 'queued':
      return [words.queued(recipients)];
    case 'delivered': {
      const reply = textOf(details, 'reply');
      return [words.delivered(recipients, textOf(details, 'host'), line(told, words)), reply === '' ? '' : words.said(server(told), ended(reply))];
    }
    case 'deferred':
      return [words.deferred(recipients), ...attempt(told, words, language)];
    case 'bounced':
      return [words.bounced(recipients), ...attempt(told, words, language)];
    case 'repeated':
      return [words.repeated(recipients), because(textOf(details, 'cause'), words)];
    case 'suppressed':
      return [textOf(details, 'reason') === 'bounces' ? words.suppressedFrom(recipients, textOf(details, 'bounces')) : words.suppressed(recipients)];
    case 'noticed':
      return [words.noticed[textOf(details, 'action')]?.(recipients) ?? words.unknown(event)];
    case 'held':
    case 'released':
    case 'retried':
    case 'dropped':
      return [words[event](actorName(told, words)), because(textOf(details, 'reason'), words)];
    case 'limited':
      return [words.limited, because(textOf(details, 'reason'), words)];
    case 'forwarded':
      return [words.forwarded(recipients, textOf(details, 'to'))];
    case 'kept': {
      const reason = textOf(details, 'reason');
      return [words.kept(recipients, textOf(details, 'to')), because(words.keptReasons[reason] ?? reason, words)];
    }
    case 'confirmed':
      return [words.confirmed(recipients)];
    case 'moved':
      return [`${words.moved(textOf(details, 'from'), textOf(details, 'to'))}${done(told, words)}.`];
    case 'filed': {
      const source = textOf(details, 'from');
      const target = textOf(details, 'to');
      return [`${source === '' ? words.appended(target) : words.copied(source, target)}${done(told, words)}.`];
    }
    case 'marked':
      return [`${words.marked(textOf(details, 'mailbox'))}${done(told, words)}.`];
    case 'deleted': {
      const mailbox = textOf(details, 'mailbox');
      const what = isSet(details, 'isWholeMailbox') ? words.deletedMailbox(mailbox, textOf(details, 'messages')) : words.deleted(mailbox);
      return [`${what}${done(told, words)}.`];
    }
    default:
      // Written by a newer version.
      return [words.unknown(event satisfies never)];
  }
}

function received(told: ToldEvent, words: Words): readonly string[] {
  const { details, recipients, by } = told;
  const filed = recipients.filter(({ mailbox }) => mailbox !== null);
  const deliveries = filed.slice(0, NAMED).map(({ mailbox, account, address }) => words.filedFor(oneLine(mailbox ?? ''), account ?? '', oneLine(address)));
  if (textOf(details, 'protocol') === 'internal') return [words.made, ...deliveries];
  const login = textOf(details, 'login') || by;
  const start = login === null ? words.received(from(told, words), line(told, words)) : words.submitted(login, from(told, words), line(told, words));
  return [start, checks(told, words), decision(told, words), ...deliveries, filed.length > NAMED ? `(+${filed.length - NAMED})` : ''];
}

function from({ details }: ToldEvent, words: Words): string {
  const name = textOf(objectOf(objectOf(details, 'checks'), 'iprev'), 'name') || textOf(details, 'helo');
  return words.place(name, textOf(details, 'remote'));
}

/** How the line was protected, as far as it is told: an object, or in older rows a text. */
function line({ details, event }: ToldEvent, words: Words): string {
  const written = textOf(details, 'tls');
  if (written !== '') return ` (${written})`;
  const tls = objectOf(details, 'tls');
  const version = textOf(tls, 'version');
  if (version === '') return event === 'delivered' && textOf(details, 'host') !== '' ? words.inTheClear : '';
  const secured = words.tls(tlsVersion(version), textOf(tls, 'cipher'));
  if (event !== 'delivered') return secured;
  const proof = isSet(tls, 'isVerified') ? (words.verified[textOf(tls, 'policy')] ?? words.verified['none'] ?? '') : words.unverified(textOf(tls, 'problem'));
  return `${secured}, ${proof}`;
}

function checks({ details }: ToldEvent, words: Words): string {
  const found = objectOf(details, 'checks');
  const spf = objectOf(found, 'spf');
  const dmarc = objectOf(found, 'dmarc');
  if (textOf(spf, 'result') === '') return '';
  const signatures = objectsOf(found, 'dkim').map((dkim) => named('DKIM', textOf(dkim, 'result'), textOf(dkim, 'domain')));
  const arc = textOf(objectOf(found, 'arc'), 'result');
  const results = [
    named('SPF', textOf(spf, 'result'), textOf(spf, 'domain')),
    ...(signatures.length === 0 ? [words.noDkim] : signatures),
    named('DMARC', textOf(dmarc, 'result'), textOf(dmarc, 'from')),
    ...(arc === '' || arc === 'none' ? [] : [`ARC ${arc}`]),
  ];
  return words.checks(results.join(', '));
}

function named(what: string, result: string, domain: string): string {
  return domain === '' ? `${what} ${result}` : `${what} ${result} (${domain})`;
}

function decision(told: ToldEvent, words: Words): string {
  const found = objectOf(told.details, 'checks');
  const reasons = reasonsOf(told, words);
  if (reasons === '') return '';
  const action = textOf(found, 'action');
  if (action === 'accept') return words.accepted(reasons);
  if (!isSet(found, 'enforced')) return action === 'reject' ? words.wouldRefuse(reasons) : words.accepted(reasons);
  return words.toJunk(reasons);
}

function reasonsOf({ details }: ToldEvent, words: Words): string {
  return textsOf(objectOf(details, 'checks'), 'reasons')
    .map((reason) => words.reasons[reason] ?? reason)
    .join(', ');
}

/** What the other side said, what it means, and what helps. */
function attempt(told: ToldEvent, words: Words, language: ExplainLanguage): readonly string[] {
  const { details } = told;
  const reply = textOf(details, 'reply');
  const host = isSet(details, 'isOurs') ? '' : textOf(details, 'host');
  const status = textOf(details, 'status');
  const explained = explainReply({ reply, ...(host !== '' && { host }), ...(status !== '' && { status }) }, language);
  const quoted = reply === '' ? '' : host === '' ? words.found(ended(reply)) : words.said(server(told), ended(reply));
  return [explained?.cause ?? '', explained?.remedy ?? '', quoted];
}

function server({ details }: ToldEvent): string {
  return textOf(details, 'host').split(' ')[0] || '?';
}

function because(cause: string, words: Words): string {
  return cause === '' ? '' : words.becauseOf(cause);
}

function actorName({ details }: ToldEvent, words: Words): string {
  const actor = textOf(details, 'actor');
  return words.actors[actor] ?? actor;
}

/** Who did it, over which door, and with how many others. */
function done({ details, by, messages }: ToldEvent, words: Words): string {
  const login = textOf(details, 'login') || (by ?? '?');
  const door = DOORS[textOf(details, 'door')] ?? textOf(details, 'door');
  return `${words.by(login, door, textOf(details, 'remote'))}${(messages ?? 1) > 1 ? words.withOthers((messages ?? 1) - 1) : ''}`;
}

const DOORS: Readonly<Record<string, string>> = { imap: 'IMAP', pop3: 'POP3' };

function names({ recipients }: ToldEvent): string {
  const shown = recipients.slice(0, NAMED).map(({ address }) => oneLine(address));
  return `${shown.join(', ')}${recipients.length > NAMED ? ` (+${recipients.length - NAMED})` : ''}`;
}

function ended(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
