/** The place of a local socket in the file system, before it is opened. */
import { lstat, rm } from 'node:fs/promises';
import { connect } from 'node:net';

/** Removes a socket that a killed server has left behind: never a file of another kind, and never the socket of a program that lives. Throws one clear line. */
export async function makeRoomForSocket(path: string, listener: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  // What cannot be seen is told by opening it.
  if (found === undefined) return;
  if (!found.isSocket()) throw new Error(`listener "${listener}": ${path} exists and is no socket; move it away, or set another path under [${listener}]`);
  if (await isAnswered(path))
    throw new Error(`listener "${listener}": another program listens on ${path}; stop that program, or set another path under [${listener}]`);
  await rm(path, { force: true });
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const settle = (isThere: boolean): void => {
      socket.destroy();
      resolve(isThere);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}
