/**
 * Mail of the server's own (bounces, reports) for an address here: straight into the mailbox, past quota, with no Received field, for nobody has sent it. Where the
 * forwards are given, it goes on to their targets as mail from others does.
 */
import { isAscii } from 'node:buffer';
import type { AccountId } from '#core/ids.ts';
import { parseMessage } from '#message/parse.ts';
import type { Header } from '#message/header.ts';
import { prepare } from '#message/prepare.ts';
import { reportMailKind } from '#queue/reports/intake.ts';
import { accept, internalDetails } from './accept.ts';
import type { Path } from './delivery.ts';
import { planForwarding } from './forwarding/plan.ts';
import { argsOf } from './forwarding/record-forwarding.ts';
import type { ForwardingServices } from './forwarding/services.ts';
import { asciiDomain, formatPath } from './path-text.ts';
import { newReceiptId } from './receipt-id.ts';
import type { DeliveryServices } from './settings.ts';
import type { LocalTarget } from './targets.ts';

export type LocalServices = Pick<DeliveryServices, 'store' | 'clock'> & Pick<ForwardingServices, 'directory'> & { readonly forwarding?: ForwardingServices };

/**
 * Files `message` (whole, CRLF line ends) with the null reverse-path, or that of a message that was held back; resolves when it is durable. Returns the account that has it; undefined where nobody here has
 * the address or the account is disabled.
 */
export async function deliverLocal(services: LocalServices, recipient: Path, message: Uint8Array, sender?: Path): Promise<AccountId | undefined> {
  const domain = asciiDomain(recipient.domain);
  if (domain === undefined || domain.startsWith('[')) return undefined;
  const found = await services.directory.resolve(recipient.localPart, domain);
  if (found === undefined || found.isDisabled) return undefined;
  const { account, address: base, detail } = found;
  const address = formatPath({ localPart: recipient.localPart, domain });
  const parsed = parseMessage(Buffer.from(message.buffer, message.byteOffset, message.length));
  const prepared = prepare(parsed);
  const id = newReceiptId();
  const parameters = { notify: undefined, originalRecipient: undefined };
  const local: readonly LocalTarget[] = [{ kind: 'local', account, address, base, detail, parameters, ...asReport(base, parsed.header) }];
  const mail = {
    id,
    sender,
    parameters: { ret: undefined, envelopeId: undefined },
    header: parsed.header,
    checks: undefined,
    results: '',
    submitter: undefined,
  };
  const plan = services.forwarding && (await planForwarding(services.forwarding, { ...mail, local, accepted: local }));
  const nowMs = services.clock.nowMs();
  const args = {
    account,
    message: prepared,
    local: [...local, ...(plan?.local ?? [])]
      .filter((target) => !plan?.handled.has(target.account))
      .map((target) => ({ account: target.account, address: target.address, mailbox: target.mailbox, report: target.report })),
    isEachTold: (plan?.local.length ?? 0) === 0,
    outgoing: (plan?.outgoing ?? []).map((each) => ({
      ...each,
      body: 0,
      sizeBytes: each.prefix.length + message.length,
      isEightBit: !isAscii(message),
      // What was held back may have come with SMTPUTF8.
      smtpUtf8: !isAscii(each.prefix) || !isAscii(Buffer.from(each.sender)) || !isAscii(parsed.header.bytes),
      nowMs,
    })),
    origin: { id, sender: formatPath(sender), messageId: undefined, details: internalDetails(message.length), submitter: undefined },
    forwarding: plan && argsOf(plan, local),
    notice: undefined,
    nowMs,
  };
  await services.store.commit(accept, args, [{ bytes: message }]);
  return account;
}

/** The server's own reports, about domains of ours, are read as those of others are. */
function asReport(address: string, header: Header): Pick<LocalTarget, 'mailbox' | 'report'> {
  const report = reportMailKind(address, header.first('content-type') ?? '');
  return report === 'report' ? { mailbox: 'Reports', report } : { mailbox: 'INBOX' };
}
