/**
 * Structured logging: one JSON line an event, names from one list (`events.ts`), never a secret, never a message's text.
 */
import type { EventName } from './events.ts';

export type LogFields = Readonly<Record<string, string | number | boolean | undefined | readonly string[]>>;

export interface Log {
  /** Something an administrator may want to count or follow. */
  info(event: EventName, fields?: LogFields): void;
  /** Something is wrong, and the server goes on. */
  warn(event: EventName, fields?: LogFields): void;
  /** A bug or a failure that lost a request; returns a short reference id that the client is shown. */
  error(event: EventName, error: unknown, fields?: LogFields): string;
  /** A log that adds these fields to each line. */
  with(fields: LogFields): Log;
}
