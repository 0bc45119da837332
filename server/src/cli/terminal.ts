/** The process's own streams as a Terminal. */
import fs from 'node:fs';
import { type Terminal, usageError } from './command.ts';
import { readSecret } from './read-secret.ts';

export const processTerminal: Terminal = {
  out: (text) => write(1, printable(text)),
  err: (text) => write(2, printable(text)),
  async readInput(limitBytes) {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of process.stdin) {
      const bytes = Buffer.from(chunk as Uint8Array);
      size += bytes.length;
      if (size > limitBytes) throw usageError(`standard input is longer than ${limitBytes} octets`);
      chunks.push(bytes);
    }
    return Buffer.concat(chunks).toString('utf8');
  },
  async askSecret(question) {
    if (!process.stdin.isTTY) return undefined;
    write(2, printable(question));
    process.stdin.setRawMode(true);
    try {
      return await readSecret(process.stdin);
    } finally {
      process.stdin.setRawMode(false);
      process.stdin.pause();
      write(2, '\n');
    }
  },
};

/** Much that is shown was written by strangers (replies, ids, names): it must not steer the terminal, nor turn the direction of what follows. */
export function printable(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069]/gu, '?');
}

const pause = new Int32Array(new SharedArrayBuffer(4));

/** Whole and at once, so that nothing is lost when the process ends; a reader that has gone away ends the command quietly. */
function write(descriptor: number, text: string): void {
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(fs.writeSync(descriptor, rest));
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : '';
      if (code === 'EPIPE') return;
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(pause, 0, 0, 5);
    }
  }
}
