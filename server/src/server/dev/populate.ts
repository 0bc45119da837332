/** Domain, accounts and sample mail of `capri dev`, made at its first start. */
import { systemClock } from '#core/clock.ts';
import { findAccountByLogin } from '#directory/accounts.ts';
import { prepareMessage } from '#message/prepare.ts';
import { append } from '#store/append.ts';
import { findMailbox } from '#store/list-mailboxes.ts';
import type { Store } from '#store/store.ts';
import type { RunningServer } from '../serve.ts';
import { DEV_DOMAIN, DEV_PASSWORD } from './instance.ts';
import { readSample, SAMPLES } from './samples.ts';

const ACCOUNTS = [
  { login: 'admin', name: 'Capri Administrator', isAdmin: true, aliases: [] },
  { login: 'jan', name: 'Jan Kowalski', language: 'pl', aliases: [`jan.kowalski@${DEV_DOMAIN}`] },
  { login: 'anna', name: 'Anna Nowak', language: 'pl', aliases: [] },
] as const;

const HOUR_MS = 3_600_000;

/** Does nothing where the domain is there already. */
export async function populate(server: RunningServer, options: { readonly withSamples: boolean }): Promise<void> {
  const domains = (await server.call('domain.list', {})) as readonly unknown[];
  if (domains.length > 0) return;
  await server.call('domain.add', { domain: DEV_DOMAIN });
  await Promise.all(ACCOUNTS.map((account) => server.call('account.add', { ...account, password: DEV_PASSWORD })));
  if (options.withSamples) await addSamples(server.services.store);
}

/** In the order of their dates, so that uids and conversations come out as they would have. */
async function addSamples(store: Store): Promise<void> {
  const nowMs = systemClock.nowMs();
  for (const { login, mailbox: name, file, hoursAgo, flags } of SAMPLES) {
    const account = await store.query(findAccountByLogin(login));
    const mailbox = account && (await store.query(findMailbox(account.account, name)));
    if (!account || !mailbox) throw new Error(`no mailbox ${name} of ${login} for sample mail`);
    const receivedAtMs = nowMs - hoursAgo * HOUR_MS;
    const bytes = readSample(file, receivedAtMs);
    const messages = [{ message: prepareMessage(bytes), flags, keywords: [], receivedAtMs }];
    await store.commit(append, { account: account.account, mailbox: mailbox.mailbox, messages, nowMs }, [{ bytes }]);
  }
}
