/** What comes from outside the repository: the conformance data and the programs of other people. Absent, they are a loud skip for a person and a failure in CI. */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const repository = path.resolve(import.meta.dirname, '../../..');

/** A folder of the conformance data, or undefined where it is absent. CAPRI_CONFORMANCE names another place than beside the repository. */
export function conformance(folder: string): string | undefined {
  const found = path.join(process.env['CAPRI_CONFORMANCE'] ?? path.join(repository, '../shared/conformance'), folder);
  return fs.existsSync(found) ? found : undefined;
}

/** Options for a test that needs these: skipped with the reason where one is absent. */
export function needs(...wanted: ReadonlyArray<{ readonly name: string; readonly isThere: boolean }>): { readonly skip: string | false } {
  const absent = wanted.filter(({ isThere }) => !isThere).map(({ name }) => name);
  return { skip: absent.length > 0 && `needs ${absent.join(', ')}` };
}

export function conformanceData(folder: string): { readonly name: string; readonly isThere: boolean } {
  return { name: `the conformance data ${folder}`, isThere: conformance(folder) !== undefined };
}

export function program(name: string): { readonly name: string; readonly isThere: boolean } {
  return { name, isThere: (process.env['PATH'] ?? '').split(':').some((folder) => fs.existsSync(path.join(folder, name))) };
}

export interface Finished {
  readonly status: number;
  /** Standard output and standard error as they came. */
  readonly output: string;
}

/** Runs a program to its end; kills it after the time-out. */
export function run(
  command: string,
  arguments_: readonly string[],
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>>; readonly input?: string | Uint8Array; readonly timeoutMs?: number } = {},
): Promise<Finished> {
  return new Promise((resolve) => {
    const child = spawn(command, arguments_, { cwd: options.cwd, env: { ...process.env, ...options.env }, stdio: ['pipe', 'pipe', 'pipe'] });
    const chunks: Buffer[] = [];
    const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 120_000);
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
    child.on('error', (error) => chunks.push(Buffer.from(`${error.message}\n`)));
    child.on('close', (status) => {
      clearTimeout(timer);
      resolve({ status: status ?? 1, output: Buffer.concat(chunks).toString('utf8') });
    });
  });
}
