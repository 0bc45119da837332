/** Capri: argv to command. */

// Hashing, file reads and look-ups share libuv's pool; four threads starve it. It is made at its first use: so this comes before anything is loaded.
process.env.UV_THREADPOOL_SIZE ??= '16';

const { runCommandLine } = await import('./cli/run.ts');
const { processTerminal } = await import('./cli/terminal.ts');
process.exitCode = await runCommandLine(process.argv.slice(2), processTerminal);
