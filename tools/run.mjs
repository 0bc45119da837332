// Starts Capri from a clone, on any Node >= 18: installs what package-lock.json asks for when it is missing or has changed,
// then hands over to the pinned runtime that came with it. Plain JavaScript, because it runs before anything is installed.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const runtime = path.join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
const stamp = path.join(root, 'node_modules', '.capri-lock-hash');
const ENTRY = { dev: 'server/src/main.ts', test: 'tools/test/main.ts' };

install();
run(process.argv.slice(2));

/** Runs `npm ci` unless the installed tree belongs to this package-lock.json. */
function install() {
  const wanted = createHash('sha256').update(fs.readFileSync(path.join(root, 'package-lock.json'))).digest('hex');
  if (read(stamp) === wanted && fs.existsSync(runtime)) return;
  process.stderr.write('Capri: installing packages (the first time takes a minute) ...\n');
  // npm's own directories must not leak in: an outer `npm start` puts node_modules/.bin first on the PATH.
  const env = { ...process.env, PATH: withoutModules(process.env.PATH ?? '') };
  const done = spawnSync('npm', ['ci', '--include=dev', '--include=optional', '--ignore-scripts', '--no-fund', '--no-audit', '--loglevel=error'], { cwd: root, env, stdio: ['ignore', 2, 2] });
  if (done.status !== 0) fail(`npm ci did not succeed (${done.error?.message ?? `exit status ${done.status}`}); see its messages above, then try again`);
  // npm is silent about an optional package that it could not get.
  if (!fs.existsSync(runtime)) fail(`no Node runtime for ${process.platform}-${process.arch} was installed; Capri runs on Linux, x64 and arm64`);
  fs.writeFileSync(stamp, wanted);
}

/** Runs a command with the pinned runtime and ends as it ends. */
function run([command = 'dev', ...rest]) {
  const argv = command === 'exec' ? rest : [runtime, '--disable-warning=ExperimentalWarning', path.join(root, ENTRY[command] ?? ENTRY.dev), ...(command === 'test' ? [] : [command]), ...rest];
  const env = {
    ...process.env,
    PATH: [path.dirname(runtime), path.join(root, 'node_modules', '.bin'), withoutModules(process.env.PATH ?? '')].join(path.delimiter),
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? cacheDirectory(),
    // Hashing, file reads and look-ups share this pool; four threads starve it.
    UV_THREADPOOL_SIZE: process.env.UV_THREADPOOL_SIZE ?? '16',
  };
  const child = spawn(argv[0], argv.slice(1), { env, stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => fail(`cannot run ${argv[0]}: ${error.message}`));
  child.on('exit', (code, signal) => {
    if (signal) { process.removeAllListeners(signal); process.kill(process.pid, signal); } else process.exit(code ?? 1);
  });
}

function cacheDirectory() {
  const inside = path.join(root, 'node_modules', '.cache', 'compile');
  try { fs.mkdirSync(inside, { recursive: true }); fs.accessSync(inside, fs.constants.W_OK); return inside; } catch { return privateTemporary(`capri-compile-${process.getuid?.() ?? 0}`); }
}

/** A directory that nobody else can have prepared: what lies in the cache is run. Empty (no cache) where somebody has. */
function privateTemporary(name) {
  const directory = path.join(os.tmpdir(), name);
  try { fs.mkdirSync(directory, { recursive: true, mode: 0o700 }); } catch { return ''; }
  const { uid, mode } = fs.lstatSync(directory);
  return uid === process.getuid?.() && (mode & 0o077) === 0 && fs.lstatSync(directory).isDirectory() ? directory : '';
}

function withoutModules(value) {
  return value.split(path.delimiter).filter((entry) => !entry.includes(`${path.sep}node_modules${path.sep}`) && !entry.endsWith('node-gyp-bin')).join(path.delimiter);
}

function read(file) {
  try { return fs.readFileSync(file, 'utf8'); } catch { return ''; }
}

function fail(message) {
  process.stderr.write(`capri: ${message}\n`);
  process.exit(1);
}
