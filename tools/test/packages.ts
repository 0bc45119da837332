/**
 * The Debian packages whose programs drive the real-client tests. Installed when this is root on a machine with apt; no daemon is allowed to start.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';

/** Package and a file that it brings. */
const PACKAGES: Readonly<Record<string, string>> = {
  swaks: '/usr/bin/swaks',
  isync: '/usr/bin/mbsync',
  offlineimap3: '/usr/bin/offlineimap',
  fetchmail: '/usr/bin/fetchmail',
  getmail6: '/usr/bin/getmail',
  neomutt: '/usr/bin/neomutt',
  mutt: '/usr/bin/mutt',
  msmtp: '/usr/bin/msmtp',
  curl: '/usr/bin/curl',
  openssl: '/usr/bin/openssl',
  strace: '/usr/bin/strace',
  bsdutils: '/usr/bin/script',
  opendkim: '/usr/sbin/opendkim',
  'python3-dkim': '/usr/lib/python3/dist-packages/dkim/__init__.py',
  'python3-authres': '/usr/lib/python3/dist-packages/authres/__init__.py',
  'libxml2-utils': '/usr/bin/xmllint',
  postfix: '/usr/sbin/postfix',
  unbound: '/usr/sbin/unbound',
  ldnsutils: '/usr/bin/ldns-signzone',
  'libio-socket-ssl-perl': '/usr/share/perl5/IO/Socket/SSL.pm',
};
const POLICY = '/usr/sbin/policy-rc.d';

/** Installs what is missing. Where it cannot, says so loudly, and throws if `required`. */
export async function installDebianPackages({ required }: { readonly required: boolean }): Promise<void> {
  const missing = Object.entries(PACKAGES).flatMap(([name, file]) => (fs.existsSync(file) ? [] : [name]));
  if (missing.length === 0) return;
  if (process.getuid?.() === 0 && fs.existsSync('/usr/bin/apt-get')) {
    process.stdout.write(`== installing Debian packages: ${missing.join(' ')}\n`);
    withoutDaemons(() => {
      apt(['update', '-qq']);
      apt(['install', '-y', '-qq', '--no-install-recommends', ...missing]);
    });
  }
  const absent = Object.entries(PACKAGES).flatMap(([name, file]) => (fs.existsSync(file) ? [] : [name]));
  if (absent.length === 0) return;
  const message = `these Debian packages are missing: ${absent.join(' ')} (as root: apt-get install --no-install-recommends ${absent.join(' ')})`;
  if (required) throw new Error(message);
  process.stdout.write(`\n!!! ${message}\n!!! the tests that need them will be skipped\n\n`);
}

function apt(arguments_: readonly string[]): void {
  const done = spawnSync('apt-get', arguments_, { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }, stdio: ['ignore', 'ignore', 'inherit'] });
  if (done.status !== 0) process.stdout.write(`apt-get ${arguments_[0]} ended with status ${done.status}\n`);
}

/** Debian's way to forbid that a package starts its service: policy-rc.d answering 101. */
function withoutDaemons(work: () => void): void {
  const isOurs = !fs.existsSync(POLICY);
  if (isOurs) fs.writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    work();
  } finally {
    if (isOurs) fs.rmSync(POLICY, { force: true });
  }
}
