/** A log line for a person at a terminal: `12:00:01 smtp.accepted id=x7 recipients=2`, made from the JSON line. */

const HIDDEN: ReadonlySet<string> = new Set(['level', 'time', 'event', 'stack', 'causes']);

/** Turns one JSON log line into its short form, with its line end. What is not JSON is passed on as it is. */
export function shortLine(json: string): string {
  const fields = parse(json);
  if (!fields) return json;
  const time = typeof fields.time === 'string' ? fields.time.slice(11, 19) : '';
  const level = fields.level === 'info' ? '' : `${String(fields.level)} `;
  let line = `${time} ${level}${String(fields.event)}`;
  for (const [name, value] of Object.entries(fields)) {
    if (!HIDDEN.has(name)) line += ` ${name}=${shown(value)}`;
  }
  if (typeof fields.stack === 'string') line += `\n${fields.stack}`;
  if (Array.isArray(fields.causes)) line += fields.causes.map((cause) => `\n  caused by ${String(cause)}`).join('');
  return `${line}\n`;
}

function parse(json: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** Strings without blanks stand as they are; control characters never reach the terminal. */
function shown(value: unknown): string {
  if (typeof value === 'string' && /^[\x21-\x7e]+$/.test(value) && !value.includes('"')) return value;
  return JSON.stringify(value).replaceAll(/[\x7f-\x9f]/g, '?');
}
