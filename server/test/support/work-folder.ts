/** A temporary folder in which a program of other people works: its configuration, the authority's certificate, what it writes. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type Finished, run } from './outside.ts';
import type { TestServer } from './server.ts';

export interface WorkFolder extends Disposable {
  readonly path: string;
  /** The certificate of the authority that signed the server's. */
  readonly caFile: string;
  file(name: string): string;
  /** Writes a file that only its owner may read, as many programs demand of their configuration. */
  write(name: string, text: string): string;
  read(name: string): string;
  exists(name: string): boolean;
  /** Runs a program with this folder as its home. */
  run(command: string, arguments_: readonly string[], options?: RunOptions): Promise<Finished>;
}

interface RunOptions {
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

export function openWorkFolder(server: TestServer): WorkFolder {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'capri-work-'));
  const file = (name: string): string => path.join(folder, name);
  const write = (name: string, text: string): string => {
    fs.mkdirSync(path.dirname(file(name)), { recursive: true });
    fs.writeFileSync(file(name), text, { mode: 0o600 });
    return file(name);
  };
  return {
    path: folder,
    caFile: write('ca.pem', server.ca),
    file,
    write,
    read: (name) => fs.readFileSync(file(name), 'utf8'),
    exists: (name) => fs.existsSync(file(name)),
    run: (command, arguments_, options = {}) => run(command, arguments_, { cwd: folder, ...options, env: { HOME: folder, LC_ALL: 'C.UTF-8', ...options.env } }),
    [Symbol.dispose]: () => fs.rmSync(folder, { recursive: true, force: true }),
  };
}
