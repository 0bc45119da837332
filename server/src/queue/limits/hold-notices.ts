/** The mails about a hold, ready to be filed. RFC 3834 §5 (Auto-Submitted) */
import type { AccountInfo } from '#directory/accounts.ts';
import { buildMessage, dateField, messageIdField } from '#message/build.ts';
import { prepareMessage } from '#message/prepare.ts';
import { newReceiptId } from '#core/receipt-id.ts';
import { splitAddress } from '../path-text.ts';
import type { HoldNotice } from './hold.ts';
import { administratorMail, type HoldFacts, holdLanguage, type HoldMail, userMail } from './hold-text.ts';

export interface NoticeParts {
  readonly account: AccountInfo;
  /** Who gets postmaster's mail; undefined where there is nobody. */
  readonly administrator: AccountInfo | undefined;
  readonly facts: Omit<HoldFacts, 'login' | 'address' | 'when' | 'isAdministrators'>;
  /** Mails come from postmaster@ here. */
  readonly domain: string;
  readonly nowMs: number;
}

export interface WrittenHoldNotice {
  readonly notice: HoldNotice;
  readonly bytes: Uint8Array;
}

/** One for the user and one for the administrator; only the latter where they are the same. */
export function writeHoldNotices(parts: NoticeParts): readonly WrittenHoldNotice[] {
  const { account, administrator, facts, nowMs } = parts;
  const isAdministrators = administrator?.account === account.account;
  const when = `${new Date(nowMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
  const whole: HoldFacts = { ...facts, login: account.login, address: account.primaryAddress || account.login, when, isAdministrators };
  const written: WrittenHoldNotice[] = [];
  if (!isAdministrators) written.push(write(parts, account, userMail(holdLanguage(account.language), whole)));
  if (administrator !== undefined) written.push(write(parts, administrator, administratorMail(holdLanguage(administrator.language), whole)));
  return written;
}

function write({ domain, nowMs }: NoticeParts, to: AccountInfo, { subject, text }: HoldMail): WrittenHoldNotice {
  const id = newReceiptId(nowMs);
  const address = to.primaryAddress || `postmaster@${domain}`;
  const bytes = buildMessage(
    [
      { name: 'From', addresses: [{ name: 'Capri', localPart: 'postmaster', domain }] },
      { name: 'To', addresses: [{ name: to.name, ...splitAddress(address) }] },
      { name: 'Subject', text: subject },
      dateField(nowMs),
      messageIdField(id, nowMs, domain),
      { name: 'Auto-Submitted', raw: 'auto-generated' },
    ],
    { kind: 'text', subtype: 'plain', text },
    { unique: id },
  );
  return { bytes, notice: { id, account: to.account, address, message: prepareMessage(bytes) } };
}
