/**
 * `npm test`: installs what the tests need, then runs every check and test, and ends with one line that counts them.
 *
 *   --only static|unit|server|interop|crash   one group      --kills N   for crash: how many times the server is killed (25)
 */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { installDebianPackages } from './packages.ts';

const root = path.resolve(import.meta.dirname, '../..');
const { values } = parseArgs({ options: { only: { type: 'string' }, kills: { type: 'string', default: '25' } } });
const inCi = process.env['CI'] === 'true';

interface Step {
  readonly group: 'static' | 'unit' | 'server' | 'interop' | 'crash';
  readonly name: string;
  /** Command and arguments, found in node_modules/.bin or the pinned runtime. */
  readonly run?: readonly string[];
  /** Instead of a command: test files for the runtime's test runner. */
  readonly tests?: { readonly files: readonly string[]; readonly concurrency: number };
}

const STEPS: readonly Step[] = [
  { group: 'static', name: 'types', run: ['tsc', '-p', 'server'] },
  { group: 'static', name: 'types of the tools', run: ['tsc', '-p', 'tools'] },
  { group: 'static', name: 'lint', run: ['oxlint', '--type-aware', '--deny-warnings', 'server', 'tools'] },
  { group: 'static', name: 'format', run: ['biome', 'format', '.'] },
  { group: 'static', name: 'import directions', run: ['node', 'tools/checks/layers.ts'] },
  { group: 'static', name: 'RFC index', run: ['node', 'tools/checks/rfc-index.ts'] },
  { group: 'static', name: 'dead code and dependencies', run: ['knip', '--no-progress'] },
  { group: 'unit', name: 'unit and property tests', tests: { files: ['server/src/**/*.test.ts'], concurrency: 2 } },
  { group: 'server', name: 'whole-server tests', tests: { files: ['server/test/*.test.ts', 'server/test/server/**/*.test.ts'], concurrency: 2 } },
  { group: 'server', name: 'hostile input', tests: { files: ['server/test/hostile/**/*.test.ts'], concurrency: 1 } },
  { group: 'interop', name: 'real clients', tests: { files: ['server/test/interop/**/*.test.ts'], concurrency: 1 } },
  { group: 'crash', name: 'crash and durability', tests: { files: ['server/test/crash/**/*.test.ts'], concurrency: 1 } },
];

/** A file of tests may take this long: a thousand kills take most of an hour. */
const fileTimeoutMs = Math.max(900_000, Number(values.kills) * 25_000);

const totals = { passed: 0, failed: 0, skipped: 0 };
const steps = STEPS.filter((step) => values.only === undefined || step.group === values.only);
if (steps.length === 0) throw new Error(`no group named ${values.only}`);
if (steps.some((step) => step.group !== 'static')) await installDebianPackages({ required: inCi });

for (const step of steps) {
  const startedMs = Date.now();
  process.stdout.write(`\n== ${step.name}\n`);
  const result = step.tests ? await runTests(step.tests) : await runCommand(step.run ?? []);
  totals.passed += result.passed;
  totals.failed += result.failed;
  totals.skipped += result.skipped;
  process.stdout.write(`== ${step.name}: ${result.failed === 0 ? 'ok' : 'FAILED'} (${((Date.now() - startedMs) / 1000).toFixed(1)} s)\n`);
}

// In CI everything that a test needs is there: what was skipped was not proven.
if (inCi && totals.skipped > 0) {
  process.stdout.write(`\n${totals.skipped} tests were skipped, which CI counts as failures\n`);
  totals.failed += totals.skipped;
}
process.stdout.write(`\n${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped\n`);
process.exit(totals.failed === 0 ? 0 : 1);

type Result = typeof totals;

async function runCommand(command: readonly string[]): Promise<Result> {
  const { status } = await execute(command, (line) => process.stdout.write(line));
  return status === 0 ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 };
}

/** Runs test files and reads the counts that the runner prints at the end. */
async function runTests({ files: patterns, concurrency }: { files: readonly string[]; concurrency: number }): Promise<Result> {
  const files = fs.globSync(patterns, { cwd: root }).toSorted();
  if (files.length === 0) return { passed: 0, failed: 1, skipped: 0 };
  const counts = { pass: 0, fail: 0, skipped: 0, cancelled: 0 };
  const arguments_ = ['node', '--test', '--test-reporter=spec', `--test-concurrency=${concurrency}`, `--test-timeout=${fileTimeoutMs}`, ...files];
  const { status } = await execute(arguments_, (text) => {
    for (const [, name, count] of text.matchAll(/^ℹ (pass|fail|skipped|cancelled) (\d+)$/gm)) counts[name as keyof typeof counts] = Number(count);
    process.stdout.write(text);
  });
  const failed = counts.fail + counts.cancelled;
  return { passed: counts.pass, failed: status === 0 ? failed : Math.max(1, failed), skipped: counts.skipped };
}

function execute(command: readonly string[], onText: (text: string) => void): Promise<{ status: number }> {
  const [program = 'false', ...rest] = command;
  const env = { ...process.env, CAPRI_TEST_KILLS: values.kills, FORCE_COLOR: '0' };
  return new Promise((resolve) => {
    const child = spawn(program === 'node' ? process.execPath : program, rest, { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] });
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', onText);
    child.on('error', (error) => {
      onText(`${program}: ${error.message}\n`);
      resolve({ status: 127 });
    });
    child.on('close', (status) => resolve({ status: status ?? 1 }));
  });
}
