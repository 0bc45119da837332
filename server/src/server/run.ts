/** A server in this process until it is told to stop: signals, and what follows when a part of it dies. */
import type { Config } from '#config/config.ts';
import { deferred, sleep } from '#core/async.ts';
import { openLog } from '#log/pino-log.ts';
import { type RunningServer, startServer } from './serve.ts';

export interface RunOptions {
  readonly config: Config;
  /** Whether the log says which ports are open: yes where nothing is said. */
  readonly isAnnounced?: boolean;
  /** Called when the server is ready, also after it had to start anew. */
  readonly onReady?: (server: RunningServer) => Promise<void>;
}

/** A second signal sooner than this is taken for an echo of the first: a terminal sends it to every process of a group. */
const IMPATIENT_AFTER_MS = 2000;
/** A server that has run for less than this before it failed is not started anew in the same process. */
const STEADY_MS = 10_000;

/** Runs a server; resolves when it has stopped cleanly. Throws, in one clear line, when it cannot start or go on. */
export async function runServer({ config, isAnnounced = true, onReady }: RunOptions): Promise<void> {
  const log = openLog(config.log);
  const stopped = deferred<'stop'>();
  let server: RunningServer | undefined;
  let askedAtMs: number | undefined;
  const onStop = (signal: NodeJS.Signals): void => {
    if (askedAtMs === undefined) {
      askedAtMs = performance.now();
      log.info('server.stopping', { signal });
      stopped.resolve('stop');
    } else if (performance.now() - askedAtMs > IMPATIENT_AFTER_MS) {
      log.flush();
      process.exit(1);
    }
  };
  const onReload = (): void => {
    try {
      server?.reload();
    } catch (error) {
      log.warn('net.certificate.refused', { reason: error instanceof Error ? error.message : String(error) });
    }
  };
  const onBug = (error: unknown): void => {
    log.error('server.bug', error);
    log.flush();
    process.exit(1);
  };
  // Nobody but this user looks into what is written from here on.
  process.umask(0o077);
  process.on('uncaughtException', onBug);
  process.on('SIGTERM', onStop).on('SIGINT', onStop).on('SIGHUP', onReload);
  try {
    for (;;) {
      const startedAtMs = performance.now();
      server = await startServer({ config, log, isAnnounced });
      await onReady?.(server);
      const outcome = await Promise.race([stopped.promise, server.failed]);
      const isSteady = performance.now() - startedAtMs > STEADY_MS;
      if (outcome !== 'stop') log.error('server.worker.died', outcome);
      await server[Symbol.asyncDispose]();
      server = undefined;
      if (outcome === 'stop') break;
      if (!isSteady) throw new Error(`the server cannot go on: ${outcome.message}`, { cause: outcome });
      await sleep(100);
    }
    log.info('server.stopped');
  } finally {
    process.off('uncaughtException', onBug);
    process.off('SIGTERM', onStop).off('SIGINT', onStop).off('SIGHUP', onReload);
    log.flush();
  }
}
