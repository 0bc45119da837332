import fs from 'node:fs';
import path from 'node:path';
import { systemClock } from '#core/clock.ts';
import { readConfig } from '#config/read.ts';
import { configExample } from '#config/render.ts';
import { LISTENER_PORTS } from '#config/sections/listeners.ts';
import { parseHostname, toToml } from '#config/values.ts';
import type { WithPassword } from '#admin/credentials.ts';
import { normalizeLogin } from '#directory/names.ts';
import { checkPassword } from '#directory/password.ts';
import { readCertificates } from '#server/certificates.ts';
import { ensureOwnCertificate } from '#server/own-certificate.ts';
import { asUser, findUser, isRoot, prepareDataDirectory, type UnixUser } from '#server/privileges.ts';
import { report } from '../call.ts';
import { type Command, CommandError, type Invocation, usageError } from '../command.ts';
import { SYSTEM_CONFIG } from '../config-file.ts';
import { readPassword } from './account.ts';

const SYSTEM_DATA = '/var/lib/capri';

/** What was asked for, checked before anything is written. */
interface Plan {
  readonly domain: string;
  readonly hostname: string;
  readonly administrator: string;
  readonly password: string | undefined;
  readonly dataDirectory: string;
  readonly configFile: string;
  readonly user: UnixUser | undefined;
  readonly certificate: { readonly certificateFile: string; readonly keyFile: string } | undefined;
}

interface Made {
  readonly configFile: string;
  readonly dataDirectory: string;
  readonly certificateFile: string;
  readonly isOwnCertificate: boolean;
  readonly login: string;
  readonly address: string;
  readonly password?: string | undefined;
}

export const initCommand: Command = {
  name: 'init',
  about: 'Set up a server: write capri.toml, make the data directory and the first administrator',
  operands: [],
  options: {
    domain: { about: 'the primary domain, such as example.org', value: 'D' },
    hostname: { about: 'the name of this machine in the DNS, such as mail.example.org', value: 'H' },
    dir: {
      about: `where data and capri.toml are kept (else data in ${SYSTEM_DATA} and ${SYSTEM_CONFIG} as root, ./capri-data and ./capri.toml otherwise)`,
      value: 'DIR',
    },
    user: { about: 'the user that the server runs as; only as root (else "capri", where that user exists)', value: 'U' },
    admin: { about: 'login of the administrator (else admin)', value: 'LOGIN' },
    'password-stdin': { about: "read the administrator's password from the first line of standard input (else one is made and shown)" },
    certificate: { about: 'certificate with its chain, PEM (else one that nobody trusts yet is made)', value: 'FILE' },
    key: { about: 'private key of the certificate, PEM', value: 'FILE' },
  },
  async run(invocation) {
    report(invocation, await initialize(await makePlan(invocation)), (made) => madeText(made, invocation));
  },
};

async function makePlan(invocation: Invocation): Promise<Plan> {
  const domain = hostnameOption(invocation, 'domain', 'example.org');
  const hostname = hostnameOption(invocation, 'hostname', 'mail.example.org');
  const directory = invocation.value('dir');
  const certificateFile = invocation.value('certificate');
  const keyFile = invocation.value('key');
  if ((certificateFile === undefined) !== (keyFile === undefined)) throw usageError('--certificate and --key belong together');
  const certificate =
    certificateFile === undefined || keyFile === undefined ? undefined : { certificateFile: path.resolve(certificateFile), keyFile: path.resolve(keyFile) };
  if (certificate) readCertificates({ certificates: [certificate], minimumVersion: '1.2' });
  const password = await readPassword(invocation);
  if (password !== undefined) checkPassword(password);
  const configFile = invocation.configFile ?? (directory === undefined ? (isRoot() ? SYSTEM_CONFIG : 'capri.toml') : path.join(directory, 'capri.toml'));
  if (fs.existsSync(configFile)) throw new CommandError(`${configFile} exists already; edit it, or remove it to begin anew`);
  return {
    domain,
    hostname,
    administrator: normalizeLogin(invocation.value('admin') ?? 'admin'),
    password,
    dataDirectory: path.resolve(directory ?? (isRoot() ? SYSTEM_DATA : 'capri-data')),
    configFile: path.resolve(configFile),
    user: userOption(invocation),
    certificate,
  };
}

function hostnameOption(invocation: Invocation, name: string, example: string): string {
  const text = invocation.value(name);
  if (text === undefined) throw usageError(`--${name} is missing; write it as --${name} ${example}`);
  const hostname = parseHostname(text);
  if (hostname === undefined) throw usageError(`--${name} ${text} is not a host name; write it as --${name} ${example}`);
  return hostname;
}

function userOption(invocation: Invocation): UnixUser | undefined {
  const name = invocation.value('user');
  if (name !== undefined && !isRoot()) throw usageError('--user can be given only when root sets up the server');
  if (name !== undefined) return findUser(name);
  if (!isRoot()) return undefined;
  try {
    return findUser('capri');
  } catch {
    // No user of that name: the server will run as whoever owns the data directory.
    return undefined;
  }
}

async function initialize(plan: Plan): Promise<Made> {
  const { dataDirectory, configFile, user, domain, hostname } = plan;
  prepareDataDirectory(dataDirectory, user);
  if (fs.existsSync(path.join(dataDirectory, 'store'))) {
    throw new CommandError(`${dataDirectory} holds the data of a server already; choose another with --dir, or write a capri.toml for it`);
  }
  const names = [...new Set([hostname, domain, `mail.${domain}`])];
  const certificate = plan.certificate ?? asUser(user, () => ensureOwnCertificate(dataDirectory, names, `Capri at ${hostname}`, systemClock.nowMs()));
  const values = new Map([
    ['server.hostname', toToml(hostname)],
    ['server.domain', toToml(domain)],
    ['server.data_directory', toToml(dataDirectory)],
    ['tls.certificates.certificate', toToml(certificate.certificateFile)],
    ['tls.certificates.key', toToml(certificate.keyFile)],
  ]);
  if (user?.name !== undefined) values.set('server.user', toToml(user.name));
  fs.mkdirSync(path.dirname(configFile), { recursive: true });
  fs.writeFileSync(configFile, configExample(values, new Set(Object.keys(LISTENER_PORTS))), { flag: 'wx', mode: 0o644 });
  const config = readConfig(configFile);
  const { openOffline } = await import('#server/offline.ts');
  await using offline = await openOffline(config, { isNew: true });
  await offline.call('domain.add', { domain });
  const account = (await offline.call('account.add', {
    login: plan.administrator,
    isAdmin: true,
    ...(plan.password === undefined ? {} : { password: plan.password }),
  })) as WithPassword;
  return { configFile, dataDirectory, certificateFile: certificate.certificateFile, isOwnCertificate: plan.certificate === undefined, ...account };
}

function madeText(made: Made, { configFile }: Invocation): string {
  const lines = [
    `Configuration:  ${made.configFile}`,
    `Data:           ${made.dataDirectory}`,
    `Certificate:    ${made.certificateFile}${made.isOwnCertificate ? '  (made here, nobody trusts it: put your own under [[tls.certificates]])' : ''}`,
    `Administrator:  ${made.login} (${made.address})`,
  ];
  if (made.password !== undefined) lines.push(`Password:       ${made.password}`);
  const isDefault = configFile === undefined && ['capri.toml', SYSTEM_CONFIG].some((name) => path.resolve(name) === made.configFile);
  return `${lines.join('\n')}\n\nStart it with:  capri serve${isDefault ? '' : ` --config ${made.configFile}`}\n`;
}
