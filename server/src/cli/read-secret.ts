/** Reads a line from a terminal in raw mode, where nothing is shown that was not written: the few keys that make a line are ours to understand. */
import { CommandError, usageError } from './command.ts';

/** Where keys come from. */
export interface Keys {
  on(event: 'data', listener: (chunk: Buffer) => void): unknown;
  on(event: 'end' | 'close', listener: () => void): unknown;
  off(event: 'data', listener: (chunk: Buffer) => void): unknown;
  off(event: 'end' | 'close', listener: () => void): unknown;
  resume(): unknown;
}

const LIMIT_BYTES = 4096;
const ENTER = new Set([0x0a, 0x0d]);
const [CONTROL_C, CONTROL_D, BACKSPACE, CONTROL_U, DELETE] = [0x03, 0x04, 0x08, 0x15, 0x7f];
/** As a shell tells of a command that was interrupted. */
const INTERRUPTED = 130;

/** Throws CommandError where it is interrupted or too long. What comes behind the end of the line is dropped: nobody types the next answer before the question. */
export async function readSecret(keys: Keys): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let typed: number[] = [];
  const end = (): void => resolve(Buffer.from(typed).toString('utf8'));
  const onKeys = (chunk: Buffer): void => {
    for (const key of chunk) {
      if (ENTER.has(key) || key === CONTROL_D) return end();
      if (key === CONTROL_C) return reject(new CommandError('interrupted', INTERRUPTED));
      if (key === CONTROL_U) typed = [];
      else if (key === BACKSPACE || key === DELETE) typed = typed.slice(0, lastCharacter(typed));
      else typed.push(key);
      if (typed.length > LIMIT_BYTES) return reject(usageError('that is too long for a password'));
    }
  };
  keys.on('data', onKeys);
  keys.on('end', end);
  keys.on('close', end);
  keys.resume();
  try {
    return await promise;
  } finally {
    keys.off('data', onKeys);
    keys.off('end', end);
    keys.off('close', end);
  }
}

/** Where the last character begins: octets of UTF-8 that go on (10xxxxxx) belong to the one before. */
function lastCharacter(octets: readonly number[]): number {
  let at = octets.length - 1;
  while (at > 0 && ((octets[at] ?? 0) & 0xc0) === 0x80) at--;
  return Math.max(0, at);
}
