/** Forwarding, put together: its settings, what mail of the server's own needs, and its work in the background. */
import { randomBytes } from 'node:crypto';
import type { Config } from '#config/config.ts';
import { systemClock } from '#core/clock.ts';
import { ForwardBook } from '#delivery/forwarding/forward-book.ts';
import { tellOfForwards } from '#delivery/forwarding/mails.ts';
import type { ForwardingSettings } from '#delivery/forwarding/settings.ts';
import type { OwnMailServices } from '#delivery/send-own.ts';
import { findDomain } from '#directory/domains.ts';
import { rotateForwardSecrets } from '#directory/forward-secrets.ts';
import { domainKey } from '#directory/names.ts';
import { resolveAddress } from '#directory/resolve.ts';
import type { Store } from '#store/store.ts';

const DAY_MS = 24 * 3600 * 1000;

export function forwardingSettings({ forwarding, server }: Config): ForwardingSettings {
  return { domain: server.domain, ...forwarding };
}

/** For bounces and notices, which forwards and rewritten senders concern as they concern other mail. */
export function ownMailServices(config: Config, store: Store, forwards: ForwardBook = new ForwardBook(store)): OwnMailServices {
  const hostname = config.smtp.hostname ?? config.server.hostname;
  const directory: OwnMailServices['directory'] = {
    resolve: (localPart, domain) => store.query(resolveAddress(localPart, domain, systemClock.nowMs())),
    isLocalDomain: async (domain) => {
      const key = domainKey(domain);
      return key !== undefined && (await store.query(findDomain(key))) !== undefined;
    },
  };
  return { store, directory, clock: systemClock, forwards, settings: { hostname, forwarding: forwardingSettings(config) } };
}

/** Tells users what became of their forwards. */
export async function tellOfForwarding(config: Config, store: Store, forwards: ForwardBook): Promise<void> {
  await tellOfForwards(ownMailServices(config, store, forwards));
}

/** A new secret for rewritten senders when it is time. */
export async function tendForwarding({ forwarding }: Config, store: Store): Promise<void> {
  await store.commit(rotateForwardSecrets, { secret: randomBytes(32), validMs: forwarding.srsDays * DAY_MS, nowMs: systemClock.nowMs() });
}
