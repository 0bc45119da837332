/** The way out, put together: the queue in the main thread, SMTP to other servers, notices into mailboxes here. */
import fs from 'node:fs';
import type { Config } from '#config/config.ts';
import type { RelayConfig } from '#config/sections/queue.ts';
import { systemClock } from '#core/clock.ts';
import { DomainError } from '#core/errors.ts';
import { srsDomain, trueSender } from '#delivery/forwarding/rewriting.ts';
import { sendOwn } from '#delivery/send-own.ts';
import { OutgoingSigner } from '#delivery/signing/outgoing-signer.ts';
import { SigningKeys } from '#delivery/signing/signing-keys.ts';
import { findAccount } from '#directory/accounts.ts';
import { openDirectory } from '#directory/open-directory.ts';
import type { Log } from '#log/log.ts';
import { Queue } from '#queue/queue.ts';
import { DEFAULT_QUEUE_SETTINGS, type QueueSettings } from '#queue/settings.ts';
import type { Relay } from '#queue/transport.ts';
import type { Store } from '#store/store.ts';
import { ownMailServices } from './forwarding.ts';
import { makeMailTransport } from './mail-transport.ts';
import { makeResolver } from './resolver.ts';
import type { SharedMemory } from './shared-memory.ts';

/** Reads what the settings name on disk: as root, before that is given up. Throws with one clear line. */
export function queueSettings(config: Config): QueueSettings {
  const { smarthost, routes, ...rest } = config.queue;
  return {
    ...DEFAULT_QUEUE_SETTINGS,
    ...rest,
    hostname: config.smtp.hostname ?? config.server.hostname,
    domain: config.server.domain,
    smarthost: smarthost && relayOf(smarthost),
    routes: routes.map((route) => ({ domain: route.domain, ...relayOf(route) })),
  };
}

export interface SendingParts {
  readonly config: Config;
  readonly settings: QueueSettings;
  readonly store: Store;
  readonly shared: SharedMemory;
  readonly log: Log;
}

/** Starts the queue; disposing lets what is under way end. */
export async function startSending({ config, settings, store, shared, log }: SendingParts): Promise<AsyncDisposable> {
  const clock = systemClock;
  const directory = openDirectory({ store, log, clock, signIn: shared.signIn });
  const resolver = await makeResolver(config);
  const mail = makeMailTransport({ config, hostname: settings.hostname, store, resolver, log });
  const keys = new SigningKeys({ store, clock, log });
  const signer = new OutgoingSigner({ keys, clock });
  const own = ownMailServices(config, store);
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
    ...(config.dkim.isSigning && { sign: (message, content) => signer.sign(message, content) }),
    languageOf: async (account) => (await store.query(findAccount(account)))?.language ?? '',
  });
  return {
    async [Symbol.asyncDispose]() {
      await queue[Symbol.asyncDispose]();
      await mail[Symbol.asyncDispose]();
      keys[Symbol.dispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}

function relayOf({ host, port, tls, login, passwordFile }: RelayConfig): Relay {
  if ((login === undefined) !== (passwordFile === undefined))
    throw new DomainError('bad-request', `the relay ${host} needs both login and password_file, or neither`);
  if (login !== undefined && (tls === 'none' || tls === 'opportunistic')) {
    throw new DomainError('bad-request', `the relay ${host} has a login, which is only sent where TLS is certain; set tls = "required" or "implicit"`);
  }
  return { host, port, tls, login, password: passwordFile === undefined ? undefined : readPassword(passwordFile) };
}

function readPassword(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8').split(/\r?\n/)[0] ?? '';
  } catch (error) {
    throw new DomainError('bad-request', `the password file ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}
