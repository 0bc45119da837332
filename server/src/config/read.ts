/** Reads capri.toml. Everything that can be wrong with it is one clear line: file, line, column, what is wrong, what to write. */
import fs from 'node:fs';
import path from 'node:path';
import { parse, TomlError } from 'smol-toml';
import { type Config, configNode } from './config.ts';
import type { Problem } from './node.ts';
import { findPosition } from './positions.ts';

/** A configuration that cannot be used. The message is one line for a person. */
export class ConfigError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ConfigError';
  }
}

/** Reads and checks a configuration file. Throws ConfigError. */
export function readConfig(file: string): Config {
  let text: string;
  try {
    text = fs.readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError(cannotRead(file, error));
  }
  return parseConfig(text, file);
}

/** Checks the text of a configuration file. Throws ConfigError. */
export function parseConfig(text: string, file: string): Config {
  const problems: Problem[] = [];
  const config = configNode(path.dirname(path.resolve(file))).read(parseToml(text, file), [], problems);
  const [first] = problems;
  if (first === undefined && config !== undefined) return config;
  const { line, column } = findPosition(text, first?.path ?? []);
  throw new ConfigError(`${file}:${line}:${column}: ${first?.message ?? 'not a table'}`);
}

function parseToml(text: string, file: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [what = 'not TOML'] = error.message.replace(/^Invalid TOML document: /, '').split('\n');
    throw new ConfigError(`${file}:${error.line}:${error.column}: ${what}`);
  }
}

function cannotRead(file: string, error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  if (code === 'ENOENT') return `there is no ${file}; make one with "capri init", or name another with --config`;
  if (code === 'EACCES') return `${file} cannot be read by this user; run the command as its owner or as root`;
  if (code === 'EISDIR') return `${file} is a directory; name the file in it with --config`;
  return `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`;
}
