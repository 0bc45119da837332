/**
 * Where the mail for accounts with forwards goes on to, worked out when the message has come whole and everything else about it is decided.
 *
 * A copy stays unless every forward of its address does without one and each of them has really passed the message on: what cannot be passed on is kept.
 * A target here gets the message into its mailbox, and its own forwards follow; ten steps at most, and nobody twice. A target elsewhere that has had the
 * message already (its address stands in Delivered-To) does not get it again.
 *
 * RFC 5321 §3.9.1 (aliases), §6.3 (loops) · RFC 3461 §5.2.7 (notices about forwarded mail)
 */
import type { Checks } from '#authenticity/results.ts';
import type { AccountId } from '#core/ids.ts';
import { forwardMark, type KeptMail } from '#directory/forward-outcomes.ts';
import type { Forward } from '#directory/forwards.ts';
import { parseHeaderAddresses } from '#message/address.ts';
import { decodeWords } from '#message/encoded-word.ts';
import type { Header } from '#message/header.ts';
import type { AddedOutgoing } from '../accept-message.ts';
import type { Path, SenderParameters } from '../delivery.ts';
import { formatPath } from '../path-text.ts';
import { newReceiptId } from '../receipt-id.ts';
import type { LocalTarget } from '../targets.ts';
import { type Obstacle, unforwardable } from './forwardable.ts';
import { newForwardTag } from './forward-tag.ts';
import { type Handling, passedOnParameters } from './notices.ts';
import { forwardedSender } from './rewriting.ts';
import type { ForwardingServices } from './services.ts';

/** Steps from one address here to the next. */
const DEPTH_LIMIT = 10;

export interface MailToForward {
  /** The id of the SMTP reply. */
  readonly id: string;
  readonly sender: Path | undefined;
  readonly parameters: Pick<SenderParameters, 'ret' | 'envelopeId'>;
  readonly header: Header;
  /** Undefined for mail from here. */
  readonly checks: Checks | undefined;
  /** Our Authentication-Results, whole fields; empty where nothing was checked. */
  readonly results: string;
  readonly submitter: AccountId | undefined;
  /** One for each account. */
  readonly local: readonly LocalTarget[];
  /** Everything that was accepted, several addresses of one account among it. */
  readonly accepted: readonly LocalTarget[];
}

/** What happened at one forward, for the trail. */
export interface ForwardStep {
  readonly forward: Forward;
  /** The address that was written to. */
  readonly address: string;
  /** The id under which it is in the queue; undefined: not there. */
  readonly queueId: string | undefined;
  readonly reversePath: string;
  /** Why it was not passed on. */
  readonly kept: 'junk' | Obstacle | 'loop' | 'depth' | 'unknown' | undefined;
}

export interface ForwardingPlan {
  /** Accounts that keep no copy, and what their senders are told who asked for it. */
  readonly handled: ReadonlyMap<AccountId, Handling>;
  /** Further copies here. */
  readonly local: readonly LocalTarget[];
  readonly outgoing: readonly AddedOutgoing[];
  readonly steps: readonly ForwardStep[];
  /** What the users are to be told of. */
  readonly kept: readonly KeptMail[];
}

interface Stop {
  readonly target: LocalTarget;
  /** Addresses on the way here, the last one first. */
  readonly trace: readonly string[];
}

/** Undefined where nobody has a forward. */
export async function planForwarding(services: ForwardingServices, mail: MailToForward): Promise<ForwardingPlan | undefined> {
  const stops: Stop[] = [];
  for (const target of mail.local) {
    if ((await services.forwards.activeOf(target.account)).length > 0) stops.push({ target, trace: [target.address] });
  }
  if (stops.length === 0) return undefined;
  return await new Planner(services, mail).follow(stops);
}

class Planner {
  readonly #services: ForwardingServices;
  readonly #mail: MailToForward;
  readonly #stops: Stop[] = [];
  readonly #copies: Set<AccountId>;
  readonly #handled = new Map<AccountId, Handling>();
  readonly #local: LocalTarget[] = [];
  readonly #outgoing: AddedOutgoing[] = [];
  readonly #steps: ForwardStep[] = [];
  readonly #kept: KeptMail[] = [];
  readonly #targets = new Set<string>();
  readonly #deliveredTo: ReadonlySet<string>;
  #reversePath: Path | undefined;

  constructor(services: ForwardingServices, mail: MailToForward) {
    this.#services = services;
    this.#mail = mail;
    this.#copies = new Set(mail.local.map(({ account }) => account));
    this.#deliveredTo = new Set(mail.header.all('delivered-to').map((address) => Buffer.from(address, 'latin1').toString('utf8').trim().toLowerCase()));
  }

  async follow(stops: readonly Stop[]): Promise<ForwardingPlan> {
    this.#reversePath = await forwardedSender(this.#services, this.#mail.sender);
    this.#stops.push(...stops);
    for (let stop = this.#stops.shift(); stop !== undefined; stop = this.#stops.shift()) await this.#stop(stop);
    return { handled: this.#handled, local: this.#local, outgoing: this.#outgoing, steps: this.#steps, kept: this.#kept };
  }

  async #stop({ target, trace }: Stop): Promise<void> {
    const bases = new Set([target.base, ...this.#mail.accepted.filter(({ account }) => account === target.account).map(({ base }) => base)]);
    const forwards = (await this.#services.forwards.activeOf(target.account)).filter(({ source }) => source === '' || bases.has(source));
    const sent: AddedOutgoing[] = [];
    const next: LocalTarget[] = [];
    let passed = 0;
    for (const forward of forwards) {
      const step = target.mailbox === 'Junk' ? 'junk' : await this.#pass(forward, { target, trace }, sent, next);
      if (step === undefined) passed++;
      const queued = sent.find(({ forward: mark }) => mark === forwardMark(forward));
      this.#steps.push({ forward, address: target.address, queueId: queued?.queueId, reversePath: queued?.sender ?? '', kept: step });
    }
    const isPassedOn = passed > 0 && passed === forwards.length && forwards.every(({ keepsCopy }) => !keepsCopy);
    const handling: Handling = !isPassedOn ? 'kept' : forwards.length === 1 && sent.length === 1 ? 'relayed' : 'expanded';
    if (isPassedOn) this.#handled.set(target.account, handling);
    for (const each of next) {
      const { notify, originalRecipient } = passedOnParameters(target, handling);
      const copy = { ...each, parameters: { ...each.parameters, notify, originalRecipient } };
      this.#local.push(copy);
      this.#stops.push({ target: copy, trace: [copy.address, ...trace] });
    }
    for (const each of sent) {
      this.#outgoing.push({ ...each, recipients: each.recipients.map((recipient) => ({ ...recipient, ...passedOnParameters(target, handling) })) });
    }
  }

  /** Passes it on, or says why not. */
  async #pass(forward: Forward, { target, trace }: Stop, sent: AddedOutgoing[], next: LocalTarget[]): Promise<ForwardStep['kept']> {
    const { directory } = this.#services;
    const at = forward.target.lastIndexOf('@');
    const path = { localPart: forward.target.slice(0, at), domain: forward.target.slice(at + 1) };
    // Where the message has been already: who wrote there wants no second one, and neither do those it would come back to from there.
    if (this.#deliveredTo.has(forward.targetKey) || trace.some((address) => address.toLowerCase() === forward.targetKey)) return 'loop';
    if (await directory.isLocalDomain(path.domain)) {
      const found = await directory.resolve(path.localPart, path.domain);
      if (found === undefined || found.isDisabled) return 'unknown';
      if (this.#copies.has(found.account)) return this.#handled.has(found.account) || found.account === target.account ? 'loop' : undefined;
      if (trace.length > DEPTH_LIMIT) return 'depth';
      this.#copies.add(found.account);
      const { account, address: base, detail } = found;
      next.push({ kind: 'local', account, address: forward.target, base, detail, parameters: target.parameters, mailbox: 'INBOX' });
      return undefined;
    }
    const reason = unforwardable(this.#mail.checks, this.#reversePath?.domain ?? this.#services.settings.hostname);
    if (reason !== undefined) {
      this.#noteKept(forward);
      return reason;
    }
    if (this.#targets.has(forward.targetKey)) return undefined;
    this.#targets.add(forward.targetKey);
    sent.push({
      queueId: newReceiptId(),
      account: this.#mail.submitter,
      sender: formatPath(await forwardedSender(this.#services, this.#mail.sender, newForwardTag(forward))),
      recipients: [{ ...path, notify: undefined, originalRecipient: undefined }],
      prefix: Buffer.from(prefixOf(forward, target, trace) + (await this.#resultsToSeal(target)), 'utf8'),
      ret: this.#mail.parameters.ret,
      envelopeId: this.#mail.parameters.envelopeId,
      forward: forwardMark(forward),
    });
    return undefined;
  }

  /** What a seal tells the next server that we have found: with the message, since it is sealed when it leaves. */
  async #resultsToSeal({ base }: LocalTarget): Promise<string> {
    const { results } = this.#mail;
    return results !== '' && (await this.#services.forwards.seals(base.slice(base.lastIndexOf('@') + 1))) ? results : '';
  }

  #noteKept(forward: Forward): void {
    const { header, checks, id } = this.#mail;
    const author = parseHeaderAddresses(header.first('from') ?? '').find((entry) => entry.kind === 'mailbox');
    const subject = decodeWords(header.first('subject') ?? '');
    this.#kept.push({
      key: { account: forward.account, source: forward.source, targetKey: forward.targetKey },
      authorDomain: checks?.dmarc.fromDomain ?? '',
      author: author === undefined ? '' : formatPath(author),
      subject,
      queueId: id,
    });
  }
}

/**
 * The trace fields in front of what goes on: Delivered-To for each of our addresses on the way, by which we know the message if it comes back, and X-Forwarded-For as
 * Gmail writes and asks for it. Nothing else: whatever the author has signed stays as it was signed.
 */
function prefixOf(forward: Forward, target: LocalTarget, trace: readonly string[]): string {
  return `${trace.map((address) => `Delivered-To: ${address}\r\n`).join('')}X-Forwarded-For: ${target.address} ${forward.target}\r\n`;
}
