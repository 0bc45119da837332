/** What the doors of one thread work with, put together from the configuration. */
import type { Config } from '#config/config.ts';
import { systemClock } from '#core/clock.ts';
import type { Delivery } from '#delivery/delivery.ts';
import { openDelivery } from '#delivery/open-delivery.ts';
import { DEFAULT_DELIVERY_SETTINGS } from '#delivery/settings.ts';
import { openDirectory, type OpenDirectory } from '#directory/open-directory.ts';
import { HttpServer } from '#http/serve.ts';
import { sites } from '#http/sites.ts';
import { DEFAULT_IMAP_SETTINGS, type ImapServices } from '#imap/services.ts';
import type { Log } from '#log/log.ts';
import type { Resolver } from '#net/dns/resolver.ts';
import { RateLimiter } from '#net/rate-limit.ts';
import { DEFAULT_POP3_SETTINGS, type Pop3Services } from '#pop3/services.ts';
import { mechanisms } from '#sasl/exchange.ts';
import { DEFAULT_SMTP_SETTINGS, type SmtpServices } from '#smtp/server/session.ts';
import type { Store } from '#store/store.ts';
import { forwardingSettings } from './forwarding.ts';
import { ownPolicy } from './own-sts-policy.ts';
import { sendingLimits } from './sending-limits.ts';
import type { SharedMemory } from './shared-memory.ts';
import { signInLimits } from './sign-in-limits.ts';
import { VERSION } from './version.ts';

export interface ThreadServices extends AsyncDisposable {
  readonly directory: OpenDirectory;
  readonly delivery: Delivery;
  readonly imap: ImapServices;
  readonly pop3: Pop3Services;
  readonly smtp: SmtpServices;
  readonly http: HttpServer;
}

export interface ServiceParts {
  readonly resolver: Resolver;
  readonly config: Config;
  readonly store: Store;
  readonly shared: SharedMemory;
  readonly log: Log;
}

/** Puts the services of a thread together; disposing closes the directory, not the store. */
export function makeServices({ config, store, shared, resolver, log }: ServiceParts): ThreadServices {
  const { limits, imap, pop3, smtp, server } = config;
  const clock = systemClock;
  const hostname = smtp.hostname ?? server.hostname;
  const directory = openDirectory({ store, log, clock, signIn: shared.signIn, limits: signInLimits(config), helpUrl: server.signInHelpUrl });
  const delivery = openDelivery({
    store,
    directory,
    log,
    clock,
    resolver,
    settings: {
      ...DEFAULT_DELIVERY_SETTINGS,
      authenticity: config.authenticity,
      forwarding: forwardingSettings(config),
      hostname,
      messageBytes: limits.messageSizeBytes,
      recipients: limits.recipients,
      sending: sendingLimits(config),
    },
  });
  const http = new HttpServer(sites({ log, policy: { text: ownPolicy(config).text, isLocalDomain: (domain) => directory.isLocalDomain(domain) } }));
  const signInTimeoutMs = limits.unauthenticatedTimeoutMs;
  return {
    directory,
    delivery,
    imap: {
      store,
      directory,
      mechanisms,
      log,
      clock,
      settings: {
        ...DEFAULT_IMAP_SETTINGS,
        hostname: server.hostname,
        version: VERSION,
        appendLimitBytes: limits.messageSizeBytes,
        idleTimeoutMs: imap.idleTimeoutMs,
        signInTimeoutMs,
      },
    },
    pop3: {
      store,
      directory,
      log,
      clock,
      settings: {
        ...DEFAULT_POP3_SETTINGS,
        hostname: server.hostname,
        version: VERSION,
        idleTimeoutMs: pop3.idleTimeoutMs,
        signInTimeoutMs,
        loginDelaySeconds: pop3.loginDelaySeconds,
      },
      loginDelay:
        pop3.isLoginDelayEnforced && pop3.loginDelaySeconds > 0
          ? new RateLimiter({ burst: pop3.loginDelayBurst + 1, intervalMs: pop3.loginDelaySeconds * 1000 }, clock, shared.loginDelay)
          : undefined,
    },
    smtp: {
      delivery,
      directory,
      log,
      settings: {
        ...DEFAULT_SMTP_SETTINGS,
        hostname,
        futureReleaseSeconds: Math.floor(config.queue.futureReleaseMs / 1000),
        timeoutMs: smtp.timeoutMs,
        signInTimeoutMs,
      },
    },
    http,
    async [Symbol.asyncDispose]() {
      http[Symbol.dispose]();
      await directory[Symbol.asyncDispose]();
    },
  };
}
