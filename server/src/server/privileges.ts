/**
 * Who the process is. Started as root, Capri touches the data directory only as its owner and keeps nothing of root once the ports are open: a fault in
 * a door must not own the machine, and no file may be left behind that the service's user cannot change.
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

/** A user by numbers, as the kernel knows it. */
export interface UnixUser {
  readonly uid: number;
  readonly gid: number;
  /** For the supplementary groups; undefined: none besides `gid`. */
  readonly name: string | undefined;
}

/** A user or group that does not exist, or data that this user may not use. */
export class PrivilegeError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'PrivilegeError';
  }
}

export function isRoot(): boolean {
  return process.geteuid?.() === 0;
}

/** Whom to become: the configured user, else the owner of the data directory. Undefined where the process is not root or root is meant. Throws PrivilegeError. */
export function serviceUser(
  configured: { readonly user: string | undefined; readonly group: string | undefined },
  dataDirectory: string,
): UnixUser | undefined {
  if (!isRoot()) return undefined;
  const found = configured.user === undefined ? ownerOf(dataDirectory) : findUser(configured.user);
  if (found === undefined) return undefined;
  const user = configured.group === undefined ? found : { ...found, gid: findGroup(configured.group) };
  return user.uid === 0 ? undefined : user;
}

/** The owner of a directory; undefined where it does not exist. */
export function ownerOf(directory: string): UnixUser | undefined {
  const stat = fs.statSync(directory, { throwIfNoEntry: false });
  return stat === undefined ? undefined : { uid: stat.uid, gid: stat.gid, name: undefined };
}

/** A user by name. Throws PrivilegeError. */
export function findUser(name: string): UnixUser {
  const uid = Number(lookUp(['-u', '--', name], `there is no user "${name}" on this machine; make it (useradd --system ${name}), or set server.user`));
  const gid = Number(lookUp(['-g', '--', name], `the user "${name}" has no group`));
  return { uid, gid, name };
}

function findGroup(name: string): number {
  try {
    const line = execFileSync('getent', ['group', '--', name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return Number(line.split(':')[2]);
  } catch {
    throw new PrivilegeError(`there is no group "${name}" on this machine; make it, or set server.group`);
  }
}

function lookUp(args: readonly string[], failure: string): string {
  try {
    return execFileSync('id', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    throw new PrivilegeError(failure);
  }
}

/** Does something as a user while the process stays root. */
export function asUser<T>(user: UnixUser | undefined, work: () => T): T {
  if (user === undefined) return work();
  process.setegid?.(user.gid);
  process.seteuid?.(user.uid);
  try {
    return work();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
  }
}

/** Becomes a user, in all threads, with no way back. */
export function becomeUser(user: UnixUser | undefined): void {
  if (user === undefined) return;
  if (user.name === undefined) process.setgroups?.([user.gid]);
  else initGroups(user.name, user.gid);
  process.setgid?.(user.gid);
  process.setuid?.(user.uid);
  if (process.geteuid?.() !== user.uid || process.getegid?.() !== user.gid) throw new PrivilegeError(`cannot become the user with the id ${user.uid}`);
}

/** As root, becomes the owner of a data directory, for good. */
export function becomeOwner(dataDirectory: string): void {
  const owner = isRoot() ? ownerOf(dataDirectory) : undefined;
  if (owner !== undefined && owner.uid !== 0) becomeUser(owner);
}

/** Missing in the type declarations of Node. */
function initGroups(user: string, group: number): void {
  (process as { readonly initgroups?: (user: string, group: number) => void }).initgroups?.(user, group);
}

/** Threads that start later load the program as the user. Throws PrivilegeError where the user cannot read it. */
export function checkProgramIsReadable(user: UnixUser | undefined): void {
  try {
    // Not access(2), which asks for the real user.
    asUser(user, () => fs.closeSync(fs.openSync(import.meta.filename, 'r')));
  } catch {
    const root = path.resolve(import.meta.dirname, '../../..');
    throw new PrivilegeError(`the user ${user?.name ?? user?.uid} cannot read the program in ${root}; put it where every user can read it, such as /opt/capri`);
  }
}

/** The user must get through what leads to the directory; only the directory itself is closed to others. */
function makeParents(directory: string): void {
  const mask = process.umask(0o022);
  try {
    fs.mkdirSync(path.dirname(directory), { recursive: true });
  } finally {
    process.umask(mask);
  }
}

/** Makes the data directory where it is missing, mode 0700, the user's own. Throws PrivilegeError where this user may not use it. */
export function prepareDataDirectory(directory: string, user: UnixUser | undefined): void {
  try {
    makeParents(directory);
    if (fs.mkdirSync(directory, { recursive: true, mode: 0o700 }) !== undefined && user !== undefined) fs.chownSync(directory, user.uid, user.gid);
    asUser(user, () => fs.rmdirSync(fs.mkdtempSync(path.join(directory, '.writable-'))));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : '';
    if ((code === 'EACCES' || code === 'EPERM') && user !== undefined)
      throw new PrivilegeError(
        `the user ${user.name ?? user.uid} may not use ${directory}; make it the owner (chown), and let it pass through every directory above`,
      );
    if (code === 'EACCES' || code === 'EPERM')
      throw new PrivilegeError(`this user may not use ${directory}; run the command as root or as the owner of that directory`);
    if (code === 'EROFS') throw new PrivilegeError(`${directory} is on a read-only file system; set another server.data_directory`);
    if (code === 'EEXIST' || code === 'ENOTDIR') throw new PrivilegeError(`${directory} is not a directory; set another server.data_directory`);
    throw error;
  }
}
