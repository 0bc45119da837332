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
import { confirmationCode } from './forwarding/confirmation-address.ts';
import { readForwardTag } from './forwarding/forward-tag.ts';
import { returnedTo } from './forwarding/rewriting.ts';
import type { ForwardingServices } from './forwarding/services.ts';
import { asciiDomain, formatPath } from './path-text.ts';
import type { DeliveryDirectory } from './settings.ts';
import type { LocalTarget, Target } from './targets.ts';

export type RecipientServices = ForwardingServices & { readonly directory: DeliveryDirectory };

export interface RecipientQuestion {
  readonly path: Path;
  readonly parameters: RecipientParameters;
  readonly mayRelay: boolean;
  /** Octets of the message where the client has said them. */
  readonly sizeBytes: number;
}

/** Throws Refusal 550 5.1.1, 550 5.7.1, 550 5.2.1, 452 4.2.2, 553 5.1.3. */
export async function resolveRecipient(services: RecipientServices, question: RecipientQuestion): Promise<Target> {
  const { path } = question;
  const { directory } = services;
  if (path.domain === '') return localTarget(await directory.resolvePostmaster(), path, question);
  const domain = asciiDomain(path.domain);
  if (domain === undefined) throw new Refusal(553, '5.1.3', 'Domain is malformed');
  const isLiteral = domain.startsWith('[');
  const special = isLiteral ? undefined : await specialTarget(services, { localPart: path.localPart, domain }, question);
  if (special !== undefined) return special;
  const found = isLiteral ? undefined : await directory.resolve(path.localPart, domain);
  if (found !== undefined) return localTarget(found, { localPart: path.localPart, domain }, question);
  if (!isLiteral && (await directory.isLocalDomain(domain))) throw new Refusal(550, '5.1.1', 'No such user here');
  if (!question.mayRelay) throw new Refusal(550, '5.7.1', 'Relaying is not allowed');
  return { kind: 'remote', recipient: { localPart: path.localPart, domain, ...noticeParameters(question) } };
}

/**
 * Addresses of the server's own: rewritten senders (SRS), which lead back to who has written, and those by which targets of forwards agree. Only what carries our own
 * signature leads anywhere; whatever else looks so is an address like any other.
 */
async function specialTarget(services: RecipientServices, { localPart, domain }: Path, question: RecipientQuestion): Promise<Target | undefined> {
  const returned = await returnedTo(services, localPart, domain);
  if (returned?.kind === 'sender') {
    const { address } = returned;
    // A domain that has come here since.
    if (!address.domain.startsWith('[') && (await services.directory.isLocalDomain(address.domain)))
      return await resolveRecipient(services, { ...question, path: address });
    return { kind: 'returned', recipient: { ...address, ...noticeParameters(question) }, forward: readForwardTag(returned.tag ?? '') };
  }
  // Somebody's address may only look so; a catch-all has no use for bounces that lead nowhere.
  if (returned !== undefined && (await services.directory.resolve(localPart, domain))?.isCatchAll !== false)
    throw new Refusal(550, '5.1.1', 'No such user here', `rewritten sender is ${returned.kind}`);
  const code = domain === services.settings.forwarding.domain ? confirmationCode(localPart) : undefined;
  if (code === undefined) return undefined;
  const forward = await services.forwards.byCode(code, services.clock.nowMs());
  return forward && { kind: 'confirmation', forward, code };
}

function noticeParameters({ parameters: { notify, originalRecipient } }: RecipientQuestion): {
  notify: readonly string[] | undefined;
  originalRecipient: string | undefined;
} {
  return { notify, originalRecipient };
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
  return { kind: 'local', account: found.account, address, base: found.address, detail: found.detail, parameters, mailbox: 'INBOX' };
}
