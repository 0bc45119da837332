/**
 * A whole server for tests: `capri serve` as a process of its own over a temporary directory, on free ports of loopback, with accounts made beforehand. It
 * can be killed and started again on the same data. When the test ends, the store is checked and everything removed.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { readConfig } from '#config/read.ts';
import { addAccount } from '#directory/accounts.ts';
import { addDomain } from '#directory/domains.ts';
import { hashPassword } from '#directory/password.ts';
import { issueCertificate, makeAuthority } from '#net/dev-certificate.ts';
import { openOffline } from '#server/offline.ts';
import { checkStore, type Problem } from '#store/check.ts';
import { freePorts } from './free-port.ts';
import { run, type Finished } from './outside.ts';

const NAMES = ['smtp', 'submission', 'submissions', 'imap', 'imaps', 'pop3', 'pop3s', 'https'] as const;
type Ports = Readonly<Record<(typeof NAMES)[number], number>>;

export interface ServerOptions {
  /** Logins; each gets `login@domain`. */
  readonly accounts?: readonly string[];
  readonly domain?: string;
  /** Lines for capri.toml; a table named here must not be one that is written anyway (server, tls, listeners, limits). */
  readonly config?: string;
  /** Lines under [limits]; by default clients are not limited. */
  readonly limits?: string;
  /** A command that runs the server's command, such as strace with its options. */
  readonly wrapper?: readonly string[];
  /** Where to keep the data instead of a new temporary directory; not removed at the end. */
  readonly directory?: string;
  /** Peers of every listener whose PROXY header is believed, and demanded. */
  readonly proxyFrom?: readonly string[];
  /** Where port 25 listens besides 127.0.0.1. */
  readonly smtpAddress?: string;
  /** Makes loopback an internet for the server, and says where its hosts and authorities are: loopback-internet.ts. */
  readonly internet?: LoopbackInternet;
  /** Whether LMTP is opened on `lmtpSocket`. */
  readonly lmtp?: boolean;
}

export interface LoopbackInternet {
  /** Of every MX host. */
  readonly mxPort?: number;
  /** Of every host that serves an MTA-STS policy. */
  readonly httpsPort?: number;
  /** PEM: believed besides the well-known authorities. */
  readonly authorities: readonly string[];
}

export interface TestServer extends AsyncDisposable {
  readonly domain: string;
  readonly password: string;
  readonly directory: string;
  readonly configFile: string;
  readonly lmtpSocket: string;
  readonly ports: Ports;
  /** PEM of the authority that signed the server's certificate. */
  readonly ca: string;
  /** What the running process has logged. */
  log(): string;
  readonly pid: number;
  /** kill -9; resolves when the process is gone. */
  kill(): Promise<void>;
  /** SIGTERM; resolves with the exit status. */
  stop(): Promise<number>;
  /** Starts it again after kill or stop. */
  start(): Promise<void>;
  /** Runs a command of the command line on this instance. */
  capri(...arguments_: string[]): Promise<Finished>;
  /** Problems that the checker finds; the server must be stopped. */
  check(): Promise<readonly Problem[]>;
}

const PASSWORD = 'test-password';
const repository = path.resolve(import.meta.dirname, '../../..');
const main = path.join(repository, 'server/src/main.ts');
const authority = makeAuthority('Capri test', Date.now());

/** Makes the instance and starts it. Throws with the server's log when it does not come up. */
export async function startServer(options: ServerOptions = {}): Promise<TestServer> {
  const domain = options.domain ?? 'capri.test';
  const directory = options.directory ?? fs.mkdtempSync(path.join(os.tmpdir(), 'capri-server-'));
  const configFile = path.join(directory, 'capri.toml');
  const lmtpSocket = path.join(directory, 'lmtp.sock');
  const ports = await choosePorts();
  const certificate = issueCertificate(authority, ['localhost', '127.0.0.1', '::1', `mail.${domain}`, `mta-sts.${domain}`], { nowMs: Date.now() });
  fs.writeFileSync(path.join(directory, 'certificate.pem'), certificate.certificate);
  fs.writeFileSync(path.join(directory, 'key.pem'), certificate.key, { mode: 0o600 });
  fs.writeFileSync(configFile, configText({ ...options, domain, directory, ports, lmtpSocket }));
  if (!fs.existsSync(path.join(directory, 'data'))) await makeAccounts(configFile, domain, options.accounts ?? []);

  let child: ChildProcess | undefined;
  let logged = '';
  const start = async (): Promise<void> => {
    logged = '';
    const command = [...(options.wrapper ?? []), process.execPath, '--disable-warning=ExperimentalWarning', main, 'serve', '--config', configFile];
    const env = { ...process.env, UV_THREADPOOL_SIZE: '16', ...internetEnvironment(options.internet, directory) };
    const started = spawn(command[0] ?? '', command.slice(1), { stdio: ['ignore', 'pipe', 'pipe'], env });
    child = started;
    const take = (chunk: Buffer): void => {
      logged += chunk.toString('utf8');
    };
    started.stdout.on('data', take);
    started.stderr.on('data', take);
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`the server did not start within 60 s:\n${logged}`)), 60_000);
      const settle = (action: () => void): void => {
        clearTimeout(timer);
        action();
      };
      started.stderr.on('data', () => {
        if (logged.includes('server.started')) settle(resolve);
      });
      started.on('exit', (status) => settle(() => reject(new Error(`the server ended with status ${status}:\n${logged}`))));
    });
  };
  const gone = (running: ChildProcess): Promise<number> =>
    new Promise((resolve) => {
      if (running.exitCode !== null || running.signalCode !== null) resolve(running.exitCode ?? 1);
      else running.on('exit', (status) => resolve(status ?? 1));
    });
  const end = async (signal: NodeJS.Signals): Promise<number> => {
    const running = child;
    if (!running) return 0;
    child = undefined;
    const status = gone(running);
    process.kill(serverPid(running, options.wrapper !== undefined), signal);
    return status;
  };
  await start();

  const server: TestServer = {
    domain,
    password: PASSWORD,
    directory,
    configFile,
    lmtpSocket,
    ports,
    ca: authority.certificate,
    log: () => logged,
    get pid() {
      return child ? serverPid(child, options.wrapper !== undefined) : 0;
    },
    kill: async () => void (await end('SIGKILL')),
    stop: () => end('SIGTERM'),
    start,
    capri: (...arguments_) => run(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...arguments_, '--config', configFile]),
    check: () => checkStore(readConfig(configFile).server.dataDirectory),
    [Symbol.asyncDispose]: async () => {
      const status = child ? await server.stop() : 0;
      const problems = await server.check();
      if (options.directory === undefined) fs.rmSync(directory, { recursive: true, force: true });
      if (problems.length > 0) throw new Error(`the checker found:\n${problems.map((problem) => JSON.stringify(problem)).join('\n')}`);
      if (status !== 0) throw new Error(`the server ended with status ${status}:\n${logged.slice(-4000)}`);
    },
  };
  return server;
}

function internetEnvironment(internet: LoopbackInternet | undefined, directory: string): Readonly<Record<string, string>> {
  if (internet === undefined) return {};
  const file = path.join(directory, 'authorities.pem');
  fs.writeFileSync(file, internet.authorities.join('\n'));
  return {
    NODE_OPTIONS: `--import=${new URL('./loopback-internet.ts', import.meta.url).href}`,
    NODE_EXTRA_CA_CERTS: file,
    ...(internet.mxPort !== undefined && { CAPRI_TEST_MX_PORT: String(internet.mxPort) }),
    ...(internet.httpsPort !== undefined && { CAPRI_TEST_HTTPS_PORT: String(internet.httpsPort) }),
  };
}

/** Under a wrapper the server is the wrapper's child. */
function serverPid(child: ChildProcess, isWrapped: boolean): number {
  const pid = child.pid ?? 0;
  if (!isWrapped) return pid;
  const children = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  return Number(children[0] ?? pid);
}

async function makeAccounts(configFile: string, domain: string, logins: readonly string[]): Promise<void> {
  await using offline = await openOffline(readConfig(configFile), { isNew: true });
  const nowMs = Date.now();
  const passwordHash = await hashPassword(PASSWORD);
  await offline.services.store.commit(addDomain, { domain, nowMs });
  const all = [{ login: 'admin', isAdmin: true }, ...logins.map((login) => ({ login, isAdmin: false }))];
  await Promise.all(
    all.map(({ login, isAdmin }) => offline.services.store.commit(addAccount, { login, isAdmin, addresses: [`${login}@${domain}`], passwordHash, nowMs })),
  );
}

interface ConfigOptions extends ServerOptions {
  readonly domain: string;
  readonly directory: string;
  readonly ports: Ports;
  readonly lmtpSocket: string;
}

function configText({ domain, directory, ports, lmtp, lmtpSocket, config = '', limits, proxyFrom = [], smtpAddress }: ConfigOptions): string {
  const addresses = (name: string): readonly string[] => ['127.0.0.1', ...(name === 'smtp' && smtpAddress !== undefined ? [smtpAddress] : [])];
  const listeners = NAMES.map(
    (name) => `[listeners.${name}]\naddresses = ${JSON.stringify(addresses(name))}\nport = ${ports[name]}\nproxy_from = ${JSON.stringify(proxyFrom)}\n`,
  ).join('');
  return `[server]
hostname = "mail.${domain}"
domain = "${domain}"
data_directory = "data"
[[tls.certificates]]
certificate = "${path.join(directory, 'certificate.pem')}"
key = "${path.join(directory, 'key.pem')}"
[limits]
${limits ?? 'connections_per_address = 0\nsign_in_failures_per_network = 0\nsign_in_failures_per_account = 0'}
${config.includes('[sending_limits]') ? '' : UNLIMITED_SENDING}${listeners}${lmtp ? `[lmtp]\nsocket = "${lmtpSocket}"\n` : ''}${config}
`;
}

/** Where a test does not say how much accounts may send. */
const UNLIMITED_SENDING = '[sending_limits]\nrecipients_per_hour = 0\nrecipients_per_day = 0\nhold_points = 0\n';

/** One for each listener. */
async function choosePorts(): Promise<Ports> {
  const ports = await freePorts(NAMES.length);
  return Object.fromEntries(NAMES.map((name, index) => [name, ports[index]])) as unknown as Ports;
}
