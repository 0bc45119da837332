/** A log for tests: keeps what was logged. */
import type { EventName } from '#log/events.ts';
import type { Log, LogFields } from '#log/log.ts';

export interface LogLine {
  readonly level: 'info' | 'warn' | 'error';
  readonly event: EventName;
  readonly fields: LogFields;
  readonly error?: unknown;
}

export class MemoryLog implements Log {
  readonly lines: LogLine[];
  readonly #fields: LogFields;

  constructor(lines: LogLine[] = [], fields: LogFields = {}) {
    this.lines = lines;
    this.#fields = fields;
  }

  info(event: EventName, fields: LogFields = {}): void {
    this.lines.push({ level: 'info', event, fields: { ...this.#fields, ...fields } });
  }

  warn(event: EventName, fields: LogFields = {}): void {
    this.lines.push({ level: 'warn', event, fields: { ...this.#fields, ...fields } });
  }

  error(event: EventName, error: unknown, fields: LogFields = {}): string {
    this.lines.push({ level: 'error', event, fields: { ...this.#fields, ...fields }, error });
    return `ref${this.lines.length}`;
  }

  with(fields: LogFields): Log {
    return new MemoryLog(this.lines, { ...this.#fields, ...fields });
  }
}
