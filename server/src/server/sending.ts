/** The way out, put together: the queue in the main thread, SMTP to other servers, notices into mailboxes here. */
import type { Config } from '#config/config.ts';
import { systemClock } from '#core/clock.ts';
import { ForwardSealer } from '#delivery/forwarding/forward-sealer.ts';
import { srsDomain, trueSender } from '#delivery/forwarding/rewriting.ts';
import { deliverLocal } from '#delivery/deliver-local.ts';
import { sendOwn } from '#delivery/send-own.ts';
import { OutgoingSigner } from '#delivery/signing/outgoing-signer.ts';
import { SigningKeys } from '#delivery/signing/signing-keys.ts';
import { SigningThreads } from '#delivery/signing/signing-threads.ts';
import { findAccount } from '#directory/accounts.ts';
import type { Directory } from '#directory/directory.ts';
import type { Log } from '#log/log.ts';
import { splitAddress } from '#queue/path-text.ts';
import { Queue } from '#queue/queue.ts';
import type { QueueSettings } from '#queue/settings.ts';
import type { Store } from '#store/store.ts';
import { ownMailServices } from './forwarding.ts';
import { makeMailTransport } from './mail-transport.ts';
import { makeResolver } from './resolver.ts';

export interface SendingParts {
  readonly config: Config;
  readonly settings: QueueSettings;
  readonly store: Store;
  readonly directory: Directory;
  readonly log: Log;
}

/** Starts the queue; disposing lets what is under way end. */
export async function startSending({ config, settings, store, directory, log }: SendingParts): Promise<AsyncDisposable> {
  const clock = systemClock;
  const resolver = await makeResolver(config);
  const mail = makeMailTransport({ config, hostname: settings.hostname, store, resolver, log });
  const keys = new SigningKeys({ store, clock, log });
  const threads = new SigningThreads();
  const signer = new OutgoingSigner({ keys, threads, clock });
  const own = ownMailServices(config, store);
  const sealer = new ForwardSealer({ keys, forwards: own.forwards, clock, hostname: settings.hostname });
  const queue = new Queue({
    store,
    transport: mail.transport,
    clock,
    log,
    settings,
    owner: 'main',
    // Senders of forwarded mail are rewritten: what they are told goes to the true ones.
    isLocalDomain: async (domain) => domain === srsDomain(own) || (await directory.isLocalDomain(domain)),
    trueSender: (sender) => trueSender(own, sender),
    deliverLocal: ({ localPart, domain, bytes }) => sendOwn(own, { localPart, domain }, bytes),
    async resolveLocal(localPart, domain) {
      const found = await directory.resolve(localPart, domain);
      if (found === undefined || found.isDisabled) return undefined;
      return { account: found.account, isForwarded: (await own.forwards.activeOf(found.account)).length > 0 };
    },
    async deliverHere({ sender, localPart, domain, content }) {
      const bytes = await content.read(0, content.sizeBytes);
      const account = await deliverLocal({ ...own, forwarding: own }, { localPart, domain }, bytes, sender === '' ? undefined : splitAddress(sender));
      return account !== undefined;
    },
    loginOf: async (account) => (await store.query(findAccount(account)))?.login,
    // What is forwarded is its author's, and sealed at most; what was submitted here is signed, also on its way by a forward.
    sign: async (message, content) => {
      const seal = await sealer.seal(message, content);
      return seal.length > 0 || !config.dkim.isSigning ? seal : await signer.sign(message, content);
    },
    languageOf: async (account) => (await store.query(findAccount(account)))?.language ?? '',
  });
  return {
    async [Symbol.asyncDispose]() {
      await queue[Symbol.asyncDispose]();
      await threads[Symbol.asyncDispose]();
      await mail[Symbol.asyncDispose]();
      keys[Symbol.dispose]();
    },
  };
}
