/**
 * The log of one thread, made with pino: events collect for a moment and are written together, so that no request waits for the disk. Every thread
 * writes to the same descriptor, whole lines at a time. When nobody reads the log, what is more than a few megabytes behind is dropped: a stuck
 * log reader must not fill the memory of a mail server.
 */
import { randomInt } from 'node:crypto';
import pino from 'pino';
import { DomainError } from '#core/errors.ts';
import type { EventName } from './events.ts';
import type { Log, LogFields } from './log.ts';
import { shortLine } from './short-line.ts';

export type LogLevel = 'error' | 'warn' | 'info';

export interface LogOptions {
  /** Events below this are not written. */
  readonly level: LogLevel;
  /** `json`: one JSON line an event. `short`: for a person at a terminal. */
  readonly format: 'json' | 'short';
  /** Descriptor to write to: 2, standard error, in a server. */
  readonly descriptor?: number;
}

/** A log with the end of its life: what is buffered must be written before the process ends. */
export interface ThreadLog extends Log {
  /** Writes what is still buffered, now. Safe to call at any time, also twice. */
  flush(): void;
}

const MAX_BEHIND_BYTES = 8 * 1024 * 1024;
/**
 * So much is written together: a system call for each line would be a quarter of what taking a small message in costs. With the line that goes over it still
 * less than a pipe takes in one piece (4 KiB), so that the lines of threads do not mix.
 */
const TOGETHER_BYTES = 3 * 1024;
/** And after this time in any case; warnings and errors do not wait. */
const LONGEST_WAIT_MS = 100;

/** Opens this thread's log. */
export function openLog(options: LogOptions): ThreadLog {
  const destination = pino.destination({ fd: options.descriptor ?? 2, sync: false, maxLength: MAX_BEHIND_BYTES });
  // Standard error may be closed or full: the server goes on without its log.
  destination.on('error', ignoreFailure);
  let lines = '';
  let timer: NodeJS.Timeout | undefined;
  const handOver = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (lines !== '') destination.write(lines);
    lines = '';
  };
  const stream = {
    write: (line: string): void => {
      lines += options.format === 'json' ? line : shortLine(line);
      if (lines.length >= TOGETHER_BYTES) handOver();
      else timer ??= setTimeout(handOver, LONGEST_WAIT_MS);
    },
  };
  const logger = pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      messageKey: 'event',
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  );
  return Object.assign(wrap(logger, handOver), {
    flush: (): void => {
      handOver();
      try {
        destination.flushSync();
      } catch (error) {
        ignoreFailure(error);
      }
    },
  });
}

/** A log that writes nothing: for tests and for commands that speak to a person. */
export const silentLog: ThreadLog = {
  info: () => undefined,
  warn: () => undefined,
  error: () => referenceId(),
  with: () => silentLog,
  flush: () => undefined,
};

/** Eight letters and digits that a person can read out: the client is shown them, the log has them beside the cause. */
export function referenceId(): string {
  const letters = 'abcdefghjkmnpqrstuvwxyz23456789';
  let id = '';
  for (let i = 0; i < 8; i++) id += letters[randomInt(letters.length)];
  return id;
}

/** @param handOver writes what has collected */
function wrap(logger: pino.Logger, handOver: () => void): Log {
  return {
    info: (event: EventName, fields?: LogFields): void => logger.info(fields ?? {}, event),
    warn: (event: EventName, fields?: LogFields): void => {
      logger.warn(fields ?? {}, event);
      handOver();
    },
    error: (event: EventName, error: unknown, fields?: LogFields): string => {
      const reference = referenceId();
      logger.error({ ...fields, reference, ...describe(error) }, event);
      handOver();
      return reference;
    },
    with: (fields: LogFields): Log => wrap(logger.child(fields), handOver),
  };
}

/** What is logged of an error: its text, code, stack and the texts of its causes; never the objects it carries. */
function describe(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { error: String(error) };
  const described: Record<string, unknown> = { error: error.message, stack: error.stack };
  if ('code' in error && typeof error.code === 'string') described.code = error.code;
  if (error instanceof DomainError && Object.keys(error.details).length > 0) described.details = error.details;
  const causes = causesOf(error);
  if (causes.length > 0) described.causes = causes;
  return described;
}

function causesOf(error: Error): string[] {
  const causes: string[] = [];
  const inner = error instanceof AggregateError ? error.errors : [error.cause];
  for (const cause of inner.slice(0, 8)) {
    if (cause === undefined) continue;
    causes.push(cause instanceof Error ? (cause.stack ?? cause.message) : String(cause));
    if (cause instanceof Error && cause.cause !== undefined && causes.length < 8) causes.push(...causesOf(cause));
  }
  return causes;
}

function ignoreFailure(_error: unknown): void {
  // There is no other place to report that the log itself cannot be written.
}
