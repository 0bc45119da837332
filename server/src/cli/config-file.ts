/** Which configuration file a command uses. */
import fs from 'node:fs';
import path from 'node:path';
import type { Config } from '#config/config.ts';
import { readConfig } from '#config/read.ts';
import { CommandError, type Invocation } from './command.ts';

export const SYSTEM_CONFIG = '/etc/capri/capri.toml';

/** `--config`, else capri.toml here, else the system's. Throws CommandError when there is none. */
export function configFile({ configFile: given }: Pick<Invocation, 'configFile'>): string {
  if (given !== undefined) return given;
  for (const file of ['capri.toml', SYSTEM_CONFIG]) if (fs.existsSync(file)) return file;
  throw new CommandError(`there is no capri.toml in ${path.resolve()} and no ${SYSTEM_CONFIG}; name one with --config, or make one with "capri init"`);
}

/** Reads it. Throws CommandError, ConfigError. */
export function loadConfig(invocation: Pick<Invocation, 'configFile'>): Config {
  return readConfig(configFile(invocation));
}
