/** Failures as the threads hear of them. */
import { DomainError } from '#core/errors.ts';
import { isDiskFull } from '../blobs/files.ts';
import { sqliteCode } from './driver.ts';
import type { Failure } from './protocol.ts';

const CONCERNS_ALL = /^SQLITE_(FULL|IOERR|NOMEM|CORRUPT|NOTADB|BUSY|READONLY|CANTOPEN|PROTOCOL|LOCKED|INTERRUPT)/;

/** Whether an error of one statement is everybody's: the disk, not the request. */
export function concernsAll(error: unknown): boolean {
  return CONCERNS_ALL.test(sqliteCode(error) ?? '');
}

/**
 * Whether a failed COMMIT has certainly committed nothing: a page could not be written to the log, and the commit is the last of them. After any other error (the
 * log's index in shared memory cannot grow) the commit may be in the log, for the next one who reads it from its beginning.
 */
export function isCertainlyUndone(error: unknown): boolean {
  return /^SQLITE_(FULL|IOERR_WRITE)$/.test(sqliteCode(error) ?? '');
}

export function failureOfGroup(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error);
  return isDiskFull(error)
    ? { code: 'disk-full', message: `the disk is full: ${message}` }
    : { code: 'store-failed', message: `the store cannot write: ${message}` };
}

export function failureOfOne(error: unknown): Failure {
  if (error instanceof DomainError) return { code: error.code, message: error.message, details: error.details };
  if (error instanceof Error) return { code: 'bug', message: error.message, stack: error.stack };
  return { code: 'bug', message: String(error) };
}
