/** Makes a forward and asks its target to agree. */
import { DomainError } from '#core/errors.ts';
import type { AccountId } from '#core/ids.ts';
import { newConfirmationCode } from '#delivery/forwarding/confirmation-address.ts';
import { ForwardBook } from '#delivery/forwarding/forward-book.ts';
import { askForConfirmation } from '#delivery/forwarding/mails.ts';
import { DEFAULT_FORWARDING_SETTINGS } from '#delivery/forwarding/settings.ts';
import type { OwnMailServices } from '#delivery/send-own.ts';
import { findDomain } from '#directory/domains.ts';
import { addForward, type Forward, removeForward } from '#directory/forwards.ts';
import { domainKey } from '#directory/names.ts';
import { resolveAddress } from '#directory/resolve.ts';
import type { AdminServices } from './operation.ts';

const DAY_MS = 24 * 3600 * 1000;
/** How long a target may take to agree. */
const CODE_LIFE_MS = 7 * DAY_MS;

export interface BeginForward {
  readonly account: AccountId;
  /** One of its addresses; empty for all its mail. */
  readonly source: string;
  readonly target: string;
  readonly keepsCopy: boolean;
  /** Nobody is asked. */
  readonly isConfirmed: boolean;
}

/** Throws what `addForward` throws, and `address-not-found` where the target is one of ours that nobody has; then there is no forward. */
export async function beginForward(services: AdminServices, { isConfirmed, ...wanted }: BeginForward): Promise<Forward> {
  const { store, clock } = services;
  const nowMs = clock.nowMs();
  const code = isConfirmed ? undefined : { text: newConfirmationCode(), untilMs: nowMs + CODE_LIFE_MS };
  const forward = await store.commit(addForward, { ...wanted, code, nowMs });
  if (code === undefined || forward.state !== 'pending') return forward;
  using forwards = new ForwardBook(store);
  const sent = await askForConfirmation(mailServices(services, forwards), { forward, code: code.text, untilMs: code.untilMs });
  if (sent === 'delivered') return forward;
  const { account, source, targetKey, target } = forward;
  await store.commit(removeForward, { account, source, targetKey });
  throw new DomainError('address-not-found', `nobody has the address ${target}`);
}

function mailServices({ store, clock, primaryDomain, site }: AdminServices, forwards: ForwardBook): OwnMailServices {
  return {
    store,
    clock,
    directory: {
      resolve: (localPart, domain) => store.query(resolveAddress(localPart, domain, clock.nowMs())),
      isLocalDomain: async (domain) => (await store.query(findDomain(domainKey(domain) ?? ''))) !== undefined,
    },
    forwards,
    settings: { hostname: site.mailHostname, forwarding: { ...DEFAULT_FORWARDING_SETTINGS, domain: primaryDomain } },
  };
}
