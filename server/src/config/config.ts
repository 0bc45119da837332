/** The whole configuration: every section in its order in the file, and the one declaration that reader, reference page and example are made from. */
import { type Node, table, type TableDoc } from './node.ts';
import { type AuthenticityConfig, authenticitySection } from './sections/authenticity.ts';
import { type DkimConfig, dkimSection } from './sections/dkim.ts';
import { type DnsConfig, dnsSection } from './sections/dns.ts';
import { type ForwardingConfig, forwardingSection } from './sections/forwarding.ts';
import { type ImapConfig, imapSection } from './sections/imap.ts';
import { type LimitsConfig, limitsSection } from './sections/limits.ts';
import { type ConfiguredListener, type ListenerConfig, listenersSection } from './sections/listeners.ts';
import { type LmtpConfig, lmtpSection } from './sections/lmtp.ts';
import { type LogConfig, logSection } from './sections/log.ts';
import { type MtaStsConfig, mtaStsSection } from './sections/mta-sts.ts';
import { type Pop3Config, pop3Section } from './sections/pop3.ts';
import { type QueueConfig, queueSection } from './sections/queue.ts';
import { type ReportsConfig, reportsSection } from './sections/reports.ts';
import { type SendingLimitsConfig, sendingLimitsSection } from './sections/sending-limits.ts';
import { type ServerConfig, serverSection } from './sections/server.ts';
import { type SmtpConfig, smtpSection } from './sections/smtp.ts';
import { type StoreConfig, storeSection } from './sections/store.ts';
import { type ThreadsConfig, threadsSection } from './sections/threads.ts';
import { type TlsConfig, tlsSection } from './sections/tls.ts';

/** What capri.toml says, with defaults filled in; times in milliseconds, sizes in octets, paths absolute. Plain data: it can be sent to threads. */
export interface Config {
  readonly server: ServerConfig;
  readonly listeners: ReadonlyMap<ConfiguredListener, ListenerConfig>;
  readonly tls: TlsConfig;
  readonly limits: LimitsConfig;
  readonly smtp: SmtpConfig;
  readonly lmtp: LmtpConfig | undefined;
  readonly imap: ImapConfig;
  readonly pop3: Pop3Config;
  readonly queue: QueueConfig;
  readonly sendingLimits: SendingLimitsConfig;
  readonly reports: ReportsConfig;
  readonly forwarding: ForwardingConfig;
  readonly authenticity: AuthenticityConfig;
  readonly dkim: DkimConfig;
  readonly mtaSts: MtaStsConfig;
  readonly dns: DnsConfig;
  readonly store: StoreConfig;
  readonly log: LogConfig;
  readonly threads: ThreadsConfig;
}

/** The declaration; relative paths in the file are taken from `base`. */
export function configNode(base: string): Node<Config> & { readonly doc: TableDoc } {
  return table<Config>('', {
    server: ['server', serverSection(base)],
    listeners: ['listeners', listenersSection()],
    tls: ['tls', tlsSection(base)],
    limits: ['limits', limitsSection()],
    smtp: ['smtp', smtpSection()],
    lmtp: ['lmtp', lmtpSection(base)],
    imap: ['imap', imapSection()],
    pop3: ['pop3', pop3Section()],
    queue: ['queue', queueSection(base)],
    sendingLimits: ['sending_limits', sendingLimitsSection()],
    reports: ['reports', reportsSection()],
    forwarding: ['forwarding', forwardingSection()],
    authenticity: ['authenticity', authenticitySection()],
    dkim: ['dkim', dkimSection()],
    mtaSts: ['mta_sts', mtaStsSection()],
    dns: ['dns', dnsSection()],
    store: ['store', storeSection()],
    log: ['log', logSection()],
    threads: ['threads', threadsSection()],
  });
}
