/** The short page that `capri dev` prints: how to connect each kind of client, logins and passwords, where the data lie. */
import path from 'node:path';
import type { ConfiguredListener } from '#config/sections/listeners.ts';
import { DEV_DOMAIN, DEV_PASSWORD, type DevInstance } from './instance.ts';

const KINDS: ReadonlyArray<readonly [title: string, listener: ConfiguredListener, security: string]> = [
  ['Reading, IMAP', 'imaps', 'SSL/TLS'],
  ['', 'imap', 'STARTTLS'],
  ['Reading, POP3', 'pop3s', 'SSL/TLS'],
  ['', 'pop3', 'STARTTLS'],
  ['Sending', 'submissions', 'SSL/TLS'],
  ['', 'submission', 'STARTTLS'],
  ['From other servers', 'smtp', 'no sign-in'],
  ['MTA-STS policy', 'https', 'https://mta-sts.capri.localhost'],
];

export function connectionPage({ config, configFile, authorityFile }: DevInstance): string {
  const servers = KINDS.flatMap(([title, name, security]) => {
    const listener = config.listeners.get(name);
    return listener ? [`  ${title.padEnd(20)} ${listener.addresses[0] ?? ''} port ${String(listener.port).padEnd(6)} ${security}`] : [];
  });
  const submissions = config.listeners.get('submissions')?.port ?? 0;
  const imaps = config.listeners.get('imaps')?.port ?? 0;
  return [
    '',
    `Capri is running: mail for ${DEV_DOMAIN}, on this machine only.`,
    '',
    ...servers,
    '',
    '  Login                jan    jan@capri.localhost, jan.kowalski@capri.localhost',
    '                       anna   anna@capri.localhost',
    '                       admin  admin@capri.localhost (administrator)',
    `  Password             ${DEV_PASSWORD}   (for all three)`,
    '',
    `  Certificate          signed by ${shown(authorityFile)}; trust it, or accept the warning`,
    `  Data                 ${shown(config.server.dataDirectory)}   (--fresh empties it)`,
    `  Other commands       ./capri account list --config ${shown(configFile)}`,
    '',
    '  Try it:',
    `    curl --cacert ${shown(authorityFile)} --user jan:${DEV_PASSWORD} 'imaps://127.0.0.1:${imaps}/INBOX?ALL'`,
    `    swaks --server 127.0.0.1:${submissions} --tls-on-connect --auth-user jan --auth-password ${DEV_PASSWORD} --from jan@${DEV_DOMAIN} --to anna@${DEV_DOMAIN}`,
    '',
    'Ctrl-C stops it; the mail stays.',
    '',
    '',
  ].join('\n');
}

/** Relative to where one is, when that is shorter. */
function shown(file: string): string {
  const relative = path.relative(process.cwd(), file);
  return relative !== '' && relative.length < file.length ? relative : file;
}
