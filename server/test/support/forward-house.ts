/** A mail house whose accounts forward, and what its tests look at: forwards, the queue, the trail. The domain of forwarding is capri.example. */
import { forwardsOf, addForward, type Forward } from '#directory/forwards.ts';
import type { AccountId } from '#core/ids.ts';
import { ForwardBook } from '#delivery/forwarding/forward-book.ts';
import { forwardedSender } from '#delivery/forwarding/rewriting.ts';
import { DEFAULT_FORWARDING_SETTINGS, type ForwardingSettings } from '#delivery/forwarding/settings.ts';
import type { Accepted } from '#delivery/delivery.ts';
import type { OwnMailServices } from '#delivery/send-own.ts';
import type { OutgoingRecipient } from '#queue/enqueue.ts';
import { all, sql } from '#store/sql.ts';
import { findTrail } from '#trail/find.ts';
import { deliver as deliverLetter, type Letter, pathOf } from './deliver.ts';
import { type MailHouse, type MailHouseOptions, openMailHouse } from './mail-house.ts';

export const SETTINGS: { readonly forwarding: ForwardingSettings } = { forwarding: { ...DEFAULT_FORWARDING_SETTINGS, domain: 'capri.example' } };
export const MESSAGE = 'From: Ann <ann@outside.example>\r\nSubject: =?utf-8?q?za=C5=BC=C3=B3=C5=82=C4=87?=\r\n\r\ntext\r\n';

export function openForwardHouse(options: MailHouseOptions = {}): Promise<MailHouse> {
  return openMailHouse({ settings: SETTINGS, ...options });
}

/** The usual message, where none is given. */
export function deliver(house: MailHouse, letter: Letter): Promise<Accepted> {
  return deliverLetter(house, { message: MESSAGE, ...letter });
}

export function ownMail({ store, directory, clock, services }: MailHouse): OwnMailServices {
  return { store, directory, clock, settings: services.settings, forwards: new ForwardBook(store) };
}

export interface ForwardOptions {
  readonly source?: string;
  readonly keepsCopy?: boolean;
  readonly isPending?: boolean;
}

export function forward(house: MailHouse, login: 'jan' | 'anna' | 'admin', target: string, options: ForwardOptions = {}): Promise<Forward> {
  return addTo(house, house.accounts[login], target, options);
}

export function addTo(
  { store, clock }: MailHouse,
  account: AccountId,
  target: string,
  { source = '', keepsCopy = true, isPending = false }: ForwardOptions,
): Promise<Forward> {
  const nowMs = clock.nowMs();
  const code = isPending ? { text: 'zzzzzzzzzzzzzzzz', untilMs: nowMs + 1000 } : undefined;
  return store.commit(addForward, { account, source, target, keepsCopy, code, nowMs });
}

/** Of jan, where nobody else is named. */
export function forwards({ store, accounts }: MailHouse, account: AccountId = accounts.jan): Promise<readonly Forward[]> {
  return store.query(forwardsOf(account));
}

export async function trail({ store }: MailHouse, id: string): ReturnType<typeof findTrail> {
  return (await findTrail(store, id, { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER })).filter(({ queueId }) => queueId === id);
}

export interface Queued {
  readonly queueId: string;
  readonly account: number | undefined;
  readonly sender: string;
  readonly ret: string | undefined;
  readonly envelopeId: string | undefined;
  readonly recipients: readonly OutgoingRecipient[];
  /** Whole, as it leaves. */
  readonly text: string;
}

interface MessageRow {
  readonly queue_id: string;
  readonly account: number | null;
  readonly sender: string;
  readonly ret: string | null;
  readonly envelope_id: string | null;
  readonly blob: number;
  readonly body_size: number;
  readonly prefix: Uint8Array;
}

interface RecipientRow {
  readonly domain: string;
  readonly local_part: string;
  readonly notify: string | null;
  readonly original: string | null;
}

export async function queued({ store }: MailHouse): Promise<readonly Queued[]> {
  const messages = await store.query(
    all<MessageRow>(sql`SELECT queue_id, account, sender, ret, envelope_id, blob, body_size, prefix FROM queue_message ORDER BY created_at, queue_id`),
  );
  return await Promise.all(
    messages.map(async (row) => {
      const recipients = await store.query(
        all<RecipientRow>(sql`SELECT domain, local_part, notify, original FROM queue_recipient WHERE queue_id = ${row.queue_id} ORDER BY n`),
      );
      const body = await store.readBlob(row.blob as never, 0, row.body_size);
      return {
        queueId: row.queue_id,
        account: row.account ?? undefined,
        sender: row.sender,
        ret: row.ret ?? undefined,
        envelopeId: row.envelope_id ?? undefined,
        recipients: recipients.map(({ domain, local_part, notify, original }) => ({
          localPart: local_part,
          domain,
          notify: notify?.split(','),
          originalRecipient: original ?? undefined,
        })),
        text: Buffer.concat([row.prefix, body]).toString('utf8'),
      };
    }),
  );
}

/** The address under which a message of a sender is sent on. */
export async function rewrittenOf(house: MailHouse, sender: string): Promise<string> {
  const rewritten = await forwardedSender(ownMail(house), pathOf(sender));
  return `${rewritten?.localPart}@${rewritten?.domain}`;
}
