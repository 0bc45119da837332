/** The directory of `capri dev`: what is in it, how it is made, and how it is told from one with real mail. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Config } from '#config/config.ts';
import { readConfig } from '#config/read.ts';
import { configExample } from '#config/render.ts';
import { type ConfiguredListener, LISTENER_PORTS } from '#config/sections/listeners.ts';
import { toToml } from '#config/values.ts';
import { systemClock } from '#core/clock.ts';
import { ensureOwnCertificate } from '../own-certificate.ts';

export const DEV_DOMAIN = 'capri.localhost';
export const DEV_PASSWORD = 'capri-dev';
export const DEFAULT_PORT_OFFSET = 10_000;

export interface DevOptions {
  readonly directory: string;
  /** Undefined: as the last time, at first 10,000. */
  readonly portOffset: number | undefined;
  /** Whether everything is thrown away first. */
  readonly isFresh: boolean;
}

export interface DevInstance {
  readonly config: Config;
  readonly configFile: string;
  readonly authorityFile: string;
}

/** A directory that cannot be used for this; the message is one line for a person. */
export class DevDirectoryError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'DevDirectoryError';
  }
}

interface Marker {
  readonly portOffset: number;
}

function markerFile(directory: string): string {
  return path.join(directory, 'dev-instance.json');
}

/** Whether a data directory was made by `capri dev`. */
export function isDevDirectory(directory: string): boolean {
  return fs.existsSync(markerFile(directory));
}

/** Makes the directory, or brings it up to date. Throws DevDirectoryError, DomainError `not-permitted` when it is to be emptied under a running server. */
export async function prepareInstance({ directory, portOffset, isFresh }: DevOptions): Promise<DevInstance> {
  const isKnown = isDevDirectory(directory);
  if (!isKnown && fs.existsSync(directory) && fs.readdirSync(directory).length > 0) {
    throw new DevDirectoryError(`${directory} is not empty and was not made by \`capri dev\`; choose another with --dir`);
  }
  if (isKnown && isFresh) await empty(directory);
  fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
  const offset = portOffset ?? readMarker(directory)?.portOffset ?? DEFAULT_PORT_OFFSET;
  const names = [
    DEV_DOMAIN,
    ...['mail', 'admin', 'usercontent', 'www', 'autoconfig', 'mta-sts'].map((name) => `${name}.${DEV_DOMAIN}`),
    'localhost',
    '127.0.0.1',
    '::1',
  ];
  const certificate = ensureOwnCertificate(directory, names, 'Capri dev', systemClock.nowMs());
  const configFile = path.join(directory, 'capri.toml');
  // A file that somebody has edited is theirs, until the ports are to be others.
  if (!fs.existsSync(configFile) || readMarker(directory)?.portOffset !== offset) fs.writeFileSync(configFile, devConfig(offset));
  fs.writeFileSync(markerFile(directory), `${JSON.stringify({ portOffset: offset } satisfies Marker)}\n`);
  return { config: readConfig(configFile), configFile, authorityFile: certificate.authorityFile };
}

function devConfig(portOffset: number): string {
  const values = new Map<string, string>(
    Object.entries({
      'server.hostname': DEV_DOMAIN,
      'server.domain': DEV_DOMAIN,
      'server.data_directory': '.',
      'tls.certificates.certificate': 'tls/server.pem',
      'tls.certificates.key': 'tls/server.key',
      'log.format': 'short',
    }).map(([key, value]) => [key, toToml(value)]),
  );
  for (const [name, port] of Object.entries(LISTENER_PORTS)) {
    values.set(`listeners.${name}.addresses`, toToml(loopbackAddresses()));
    values.set(`listeners.${name}.port`, String(port + portOffset));
  }
  return configExample(values, new Set(Object.keys(LISTENER_PORTS) as ConfiguredListener[]));
}

function loopbackAddresses(): readonly string[] {
  const hasIpv6 = Object.values(os.networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === '::1'));
  return hasIpv6 ? ['127.0.0.1', '::1'] : ['127.0.0.1'];
}

/** Only what `capri dev` made is ever removed, and never under a running server. Throws DomainError `not-permitted` when one runs. */
async function empty(directory: string): Promise<void> {
  // Only where it is needed: other commands have no use for a database.
  const { lockDirectory } = await import('#store/sqlite/lock.ts');
  using _lock = lockDirectory(directory);
  for (const name of fs.readdirSync(directory)) fs.rmSync(path.join(directory, name), { recursive: true, force: true });
}

function readMarker(directory: string): Marker | undefined {
  try {
    const value: unknown = JSON.parse(fs.readFileSync(markerFile(directory), 'utf8'));
    return typeof value === 'object' && value !== null && 'portOffset' in value && typeof value.portOffset === 'number'
      ? { portOffset: value.portOffset }
      : undefined;
  } catch {
    return undefined;
  }
}
