/**
 * RCPT: does the address lead to a mailbox here, to another server, or nowhere?
 *
 * RFC 5321 §3.6 (relaying), §4.1.2, §4.5.1 (postmaster) · RFC 3463
 *
 * Only who has signed in may name recipients elsewhere. What hides another address in a local part (`user%other.example@here`, `"user@other.example"@here`,
 * `other.example!user@here`) is a local part like any other: it is never taken apart, so it can lead to a mailbox here or nowhere. Address literals name hosts,
 * not domains of ours, so they always lead elsewhere.
 */
import type { Resolution } from '#directory/directory.ts';
import { type Path, type RecipientParameters, Refusal } from './delivery.ts';
import { asciiDomain, formatPath } from './path-text.ts';
import type { DeliveryDirectory } from './settings.ts';
import type { LocalTarget, Target } from './targets.ts';

export interface RecipientQuestion {
  readonly path: Path;
  readonly parameters: RecipientParameters;
  readonly mayRelay: boolean;
  /** Octets of the message where the client has said them. */
  readonly sizeBytes: number;
}

/** Throws Refusal 550 5.1.1, 550 5.7.1, 550 5.2.1, 452 4.2.2, 553 5.1.3. */
export async function resolveRecipient(directory: DeliveryDirectory, question: RecipientQuestion): Promise<Target> {
  const { path } = question;
  if (path.domain === '') return localTarget(await directory.resolvePostmaster(), path, question);
  const domain = asciiDomain(path.domain);
  if (domain === undefined) throw new Refusal(553, '5.1.3', 'Domain is malformed');
  const isLiteral = domain.startsWith('[');
  const found = isLiteral ? undefined : await directory.resolve(path.localPart, domain);
  if (found !== undefined) return localTarget(found, { localPart: path.localPart, domain }, question);
  if (!isLiteral && (await directory.isLocalDomain(domain))) throw new Refusal(550, '5.1.1', 'No such user here');
  if (!question.mayRelay) throw new Refusal(550, '5.7.1', 'Relaying is not allowed');
  const { notify, originalRecipient } = question.parameters;
  return { kind: 'remote', recipient: { localPart: path.localPart, domain, notify, originalRecipient } };
}

function localTarget(found: Resolution, path: Path, { sizeBytes, parameters }: RecipientQuestion): LocalTarget {
  if (found.isDisabled) throw new Refusal(550, '5.2.1', 'Mailbox is disabled');
  // A message whose size nobody has said may still exceed the quota: once accepted here, it is delivered.
  // Postmaster must be reachable in any case (RFC 5321 §4.5.1), also where that mailbox is full.
  const isPostmaster = found.address === 'postmaster' || found.address.startsWith('postmaster@');
  if (!isPostmaster && found.quotaBytes > 0 && (found.usedBytes >= found.quotaBytes || found.usedBytes + sizeBytes > found.quotaBytes)) {
    throw new Refusal(452, '4.2.2', 'Mailbox is full', `over quota: account ${found.account}`);
  }
  const address = path.domain === '' ? found.address : formatPath(path);
  return { kind: 'local', account: found.account, address, detail: found.detail, parameters, mailbox: 'INBOX' };
}
