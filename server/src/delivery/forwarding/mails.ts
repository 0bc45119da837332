/**
 * The mails about forwards: to a target that is asked to agree, and to users whose mail was kept or whose forward is paused.
 *
 * RFC 3834 §5 (Auto-Submitted, the null reverse-path: no vacation notice answers, so that nothing but a person agrees)
 */
import type { AccountId } from '#core/ids.ts';
import { findAccount } from '#directory/accounts.ts';
import { markForwardTold, type Untold, untoldForwards } from '#directory/forward-outcomes.ts';
import type { Forward } from '#directory/forwards.ts';
import { buildMessage, dateField, messageIdField } from '#message/build.ts';
import { explainReply } from '#trail/explain/explain-reply.ts';
import { newReceiptId } from '../receipt-id.ts';
import { type OwnMailServices, sendOwn } from '../send-own.ts';
import { confirmationLocalPart } from './confirmation-address.ts';
import { forwardLanguage, forwardTexts, type MailText } from './texts.ts';

export interface Confirmation {
  readonly forward: Forward;
  readonly code: string;
  readonly untilMs: number;
}

/** Asks the target to agree. `refused`: the address leads nowhere. */
export async function askForConfirmation(services: OwnMailServices, { forward, code, untilMs }: Confirmation): Promise<'delivered' | 'refused'> {
  const { target } = forward;
  const own = await services.directory.resolve(...partsOf(target));
  const language = await languageOf(services, own?.account ?? forward.account);
  const source = await sourceOf(services, forward);
  const text = forwardTexts(language).confirmation({ source, target, code, until: new Date(untilMs).toISOString().slice(0, 10) });
  return await send(services, target, text, confirmationLocalPart(code));
}

/** Tells users what they have not been told yet; returns how many mails. What cannot be told now is tried again the next time. */
export async function tellOfForwards(services: OwnMailServices): Promise<number> {
  const untold = await services.store.query(untoldForwards());
  const failures: unknown[] = [];
  for (const one of untold) {
    try {
      await tell(services, one);
    } catch (error) {
      // The others must not wait for it.
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
  return untold.length;
}

async function tell(services: OwnMailServices, one: Untold): Promise<void> {
  const { account, source, targetKey } = one.forward;
  const text = await textOf(services, one);
  const address = await sourceOf(services, one.forward);
  if (address.includes('@')) await send(services, address, text, 'postmaster');
  await services.store.commit(markForwardTold, {
    key: { account, source, targetKey },
    authorDomain: one.kind === 'kept' ? one.mail.authorDomain : undefined,
  });
}

async function textOf(services: OwnMailServices, one: Untold): Promise<MailText> {
  const { forward } = one;
  const language = await languageOf(services, forward.account);
  const source = await sourceOf(services, forward);
  const { target, lastHost: host, lastReply: reply = '', failures } = forward;
  if (one.kind === 'paused') return forwardTexts(language).paused({ source, target, host, reply, failures, explanation: explain(reply, host, language) });
  const { author, authorDomain, subject, queueId } = one.mail;
  const texts = forwardTexts(language);
  const write = (await services.directory.isLocalDomain(authorDomain)) ? texts.forged : texts.kept;
  return write({ source, target, author: oneLine(author), authorDomain, subject: oneLine(subject), id: queueId });
}

/** What the other server means, and what helps, where we know it. */
function explain(reply: string, host: string | undefined, language: string): string | undefined {
  const found = explainReply({ reply, host }, forwardLanguage(language));
  return found && `${found.cause} ${found.remedy}`;
}

async function send(services: OwnMailServices, to: string, { subject, text }: MailText, fromLocalPart: string): Promise<'delivered' | 'refused'> {
  const nowMs = services.clock.nowMs();
  const domain = services.settings.forwarding.domain ?? services.settings.hostname;
  const [localPart, toDomain] = partsOf(to);
  const unique = newReceiptId();
  const bytes = buildMessage(
    [
      { name: 'From', addresses: [{ name: 'Capri', localPart: fromLocalPart, domain }] },
      { name: 'To', addresses: [{ name: undefined, localPart, domain: toDomain }] },
      { name: 'Subject', text: subject },
      dateField(nowMs),
      messageIdField(unique, nowMs, domain),
      { name: 'Auto-Submitted', raw: 'auto-generated' },
    ],
    { kind: 'text', subtype: 'plain', text },
    { unique },
  );
  return await sendOwn(services, { localPart, domain: toDomain }, bytes);
}

async function languageOf({ store }: OwnMailServices, account: AccountId): Promise<string> {
  return (await store.query(findAccount(account)))?.language ?? '';
}

/** The address whose mail it is about: the one that is forwarded, or the account's first; the login where it has none. */
async function sourceOf({ store }: OwnMailServices, { account, source }: Forward): Promise<string> {
  if (source !== '') return source;
  const found = await store.query(findAccount(account));
  return found === undefined ? '' : found.primaryAddress || found.login;
}

function partsOf(address: string): [localPart: string, domain: string] {
  const at = address.lastIndexOf('@');
  return [address.slice(0, at), address.slice(at + 1)];
}

/** What strangers wrote does not make lines of its own. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim();
}
