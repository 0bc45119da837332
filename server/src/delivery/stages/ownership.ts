/**
 * Submission: nobody writes in another's name. The reverse-path, every author in From, Sender and whoever resends must be an address of the account that has
 * signed in; a detail behind its separator is the owner's to choose.
 *
 * RFC 6409 §5.1, §6.1 (enforced submission rights) · RFC 5322 §3.6.2, §3.6.6
 *
 * The fields are read strictly: a header that two programs could read in two ways (two From fields, lines that are no fields, a name before the colon with a space) is
 * refused, so that what is checked here is what the recipient sees.
 */
import type { Mailbox } from '#message/address.ts';
import { formatMailbox } from '#message/build.ts';
import { AddressSyntaxError, parseAddressListStrict } from '#message/address-strict.ts';
import { type Path, Refusal } from '../delivery.ts';
import { asciiDomain } from '../path-text.ts';
import type { Stage } from '../stage.ts';
import type { ArrivedHeader } from '../arrived-header.ts';
import type { Transaction } from '../transaction.ts';

export const ownership: Stage = {
  name: 'ownership',

  async sender(transaction) {
    const { peer, sender, services } = transaction;
    if (peer.identity === undefined) return;
    if (!(await services.directory.isCurrent(peer.identity))) throw new Refusal(421, '4.7.0', 'Sign in again', 'credentials changed');
    // The null reverse-path is for notifications that mail programs send (MDN); From is asked of them too.
    if (sender !== undefined && !(await owns(transaction, sender))) throw new Refusal(553, '5.7.1', 'Sender address does not belong to you');
  },

  async submittedHeader(transaction, submitted) {
    const { header } = submitted;
    requireOneReading(submitted);
    if (header.countOf('from') !== 1) throw new Refusal(550, '5.6.0', 'Message must have exactly one From field');
    if (header.countOf('sender') > 1) throw new Refusal(550, '5.6.0', 'Message must not have more than one Sender field');
    if (await replaceForeignFrom(transaction, submitted)) {
      for (const name of ['sender', 'resent-from', 'resent-sender'] as const) for (const value of header.all(name)) await requireOwn(transaction, name, value);
      return;
    }
    for (const name of ['from', 'sender', 'resent-from', 'resent-sender'] as const) {
      for (const value of header.all(name)) await requireOwn(transaction, name, value);
    }
  },
};

/**
 * A mail program set up with an address of another provider: its From becomes the reverse-path, which is the account's own, and the address that was written stays
 * readable in X-Original-From. Refusing would lose mail that programs send without asking (docs/decisions/0007). An address of a domain that is received here is
 * somebody else's and is refused, as is a list. Returns whether it did so.
 */
async function replaceForeignFrom(transaction: Transaction, submitted: ArrivedHeader): Promise<boolean> {
  const { sender, services } = transaction;
  const [value = ''] = submitted.header.all('from');
  const [author, ...others] = readStrictly('from', value);
  if (sender === undefined || author === undefined || others.length > 0 || isSame(author, sender) || (await owns(transaction, author))) return false;
  const domain = asciiDomain(author.domain);
  if (domain === undefined || (await services.directory.isLocalDomain(domain))) return false;
  submitted.remove('from');
  submitted.remove('x-original-from');
  submitted.add('X-Original-From', formatMailbox(author, transaction.parameters.smtpUtf8));
  submitted.add('From', formatMailbox({ name: author.name, ...sender }, transaction.parameters.smtpUtf8));
  return true;
}

async function requireOwn(transaction: Transaction, name: string, value: string): Promise<void> {
  const mailboxes = readStrictly(name, value);
  if (name.endsWith('sender') && mailboxes.length > 1) throw new Refusal(550, '5.6.0', `Only one address may be in ${name}`);
  for (const mailbox of mailboxes) {
    if (!isSame(mailbox, transaction.sender) && !(await owns(transaction, mailbox)))
      throw new Refusal(550, '5.7.1', `Address in ${name} does not belong to you`);
  }
}

/** Whether the account that has signed in may write as this address. */
async function owns({ peer, services }: Transaction, path: Path): Promise<boolean> {
  const domain = asciiDomain(path.domain);
  if (peer.identity === undefined || domain === undefined || !(await services.directory.isLocalDomain(domain))) return false;
  return await services.directory.maySendAs(peer.identity.account, path.localPart, domain);
}

/** The reverse-path has been checked already, and is what most messages name in From. */
function isSame(mailbox: Path, sender: Path | undefined): boolean {
  return mailbox.localPart === sender?.localPart && mailbox.domain === sender.domain;
}

function readStrictly(name: string, value: string): readonly Mailbox[] {
  try {
    return parseAddressListStrict(value);
  } catch (error) {
    if (error instanceof AddressSyntaxError) throw new Refusal(550, '5.6.0', `Address in ${name} is malformed: ${error.message}`);
    throw error;
  }
}

/** Every line of the header must belong to a field, and every field be written as RFC 5322 §3.6 has it. */
function requireOneReading({ header }: ArrivedHeader): void {
  let end = 0;
  for (let index = 0; index < header.count; index++) {
    const raw = header.rawAt(index);
    const isBehindLast = raw.byteOffset - header.bytes.byteOffset === end;
    if (!isBehindLast || raw[header.nameAt(index).length] !== COLON) throw new Refusal(550, '5.6.0', 'Message header is malformed');
    end += raw.length;
  }
  const rest = header.bytes.length - end;
  if (rest !== 0 && !(rest === 2 && header.bytes[end] === CR)) throw new Refusal(550, '5.6.0', 'Message header is malformed');
}

const COLON = 0x3a;
const CR = 0x0d;
