/**
 * Forwarding, when everything else about a message is decided: where copies go on to, what comes back to rewritten senders, and the mail by which a target agrees.
 *
 * RFC 5321 §3.9.1 (aliases) · RFC 3834 §2, §5 (automatic replies and how they are known)
 */
import type { Header } from '#message/header.ts';
import { Refusal } from '../delivery.ts';
import { observeBounce } from '../forwarding/observe-bounce.ts';
import { unforwardable } from '../forwarding/forwardable.ts';
import { planForwarding } from '../forwarding/plan.ts';
import { forwardedSender } from '../forwarding/rewriting.ts';
import { formatPath } from '../path-text.ts';
import { newReceiptId } from '../receipt-id.ts';
import type { Stage } from '../stage.ts';
import type { LocalTarget } from '../targets.ts';
import type { Transaction } from '../transaction.ts';

const NO_PREFIX = new Uint8Array(0);

export const forwarding: Stage = {
  name: 'forwarding',

  recipient(transaction, _requested, target) {
    // A person answers with a reverse-path; bounces and vacation notices have none.
    if (target.kind === 'confirmation' && transaction.sender === undefined) throw new Refusal(550, '5.7.1', 'A notice does not confirm anything');
  },

  observe: observeBounce,

  async data(transaction, { header }) {
    const { targets } = transaction;
    if (targets.confirmations.length > 0 && isAutomatic(header)) throw new Refusal(550, '5.7.1', 'An automatic reply does not confirm anything');
    if (targets.returned.length > 0) await sendBack(transaction);
    if (targets.local.length === 0) return;
    const { id, sender, parameters, checks, peer, services } = transaction;
    const plan = await planForwarding(services, {
      id,
      sender,
      // What must not travel in the clear must not do so in a notice either (RFC 8689 §5).
      parameters: parameters.requireTls === true ? { ...parameters, ret: 'HDRS' } : parameters,
      header,
      checks,
      results: transaction.addedFields,
      submitter: peer.identity?.account,
      local: targets.local,
      accepted: targets.accepted.filter((target): target is LocalTarget => target.kind === 'local'),
    });
    if (plan === undefined) return;
    transaction.forwarding = plan;
    transaction.outgoing.push(...plan.outgoing);
  },
};

/** Mail for a rewritten sender goes to the true one. What is taken for junk does not leave this server under its name. */
async function sendBack(transaction: Transaction): Promise<void> {
  const { targets, sender, services, peer, parameters, checks, isJunk } = transaction;
  if (isJunk) throw new Refusal(550, '5.7.1', 'Message is not passed on');
  const reversePath = peer.identity === undefined ? await forwardedSender(services, sender) : sender;
  if (unforwardable(checks, reversePath?.domain ?? services.settings.hostname) === 'forged') throw new Refusal(550, '5.7.1', 'Author is not authenticated');
  transaction.outgoing.push({
    queueId: newReceiptId(),
    account: peer.identity?.account,
    sender: formatPath(reversePath),
    recipients: targets.returned.map(({ recipient }) => recipient),
    prefix: NO_PREFIX,
    ret: parameters.requireTls === true ? 'HDRS' : parameters.ret,
    envelopeId: parameters.envelopeId,
  });
}

function isAutomatic(header: Header): boolean {
  const submitted = header.first('auto-submitted')?.trim().toLowerCase();
  if (submitted !== undefined && submitted !== 'no') return true;
  if (header.countOf('x-autoreply') > 0 || header.countOf('x-autorespond') > 0) return true;
  if (/^\s*multipart\/report\b/i.test(header.first('content-type') ?? '')) return true;
  const precedence = header.first('precedence')?.trim().toLowerCase();
  return precedence === 'bulk' || precedence === 'junk' || precedence === 'list' || precedence === 'auto_reply' || header.countOf('list-id') > 0;
}
