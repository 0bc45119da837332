/**
 * What a disk would hold after a power cut: replays the calls of a traced server and keeps, for each file, what had been synced by then. Of what was only written the disk
 * may have kept any sectors, in any order, and the name of a new file whose directory was not synced, or not: who asks decides.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { SystemCall } from './system-calls.ts';

const SECTOR_BYTES = 512;

interface FileImage {
  content: Buffer;
  size: number;
  durable: Buffer | undefined;
  /** Whether the directory entry would survive. */
  isNamed: boolean;
  dirty: boolean;
}

export class DiskImage {
  readonly #files = new Map<string, FileImage>();
  readonly #directories = new Map<string, boolean>();
  readonly #root: string;

  /** Starts from what is in `copy` now, all of it taken as durable, as if it lay in `root`, where the traced server had it. */
  constructor(copy: string, root: string) {
    this.#root = root;
    for (const entry of fs.readdirSync(copy, { recursive: true, withFileTypes: true })) {
      const name = path.join(root, path.relative(copy, path.join(entry.parentPath, entry.name)));
      if (entry.isDirectory()) this.#directories.set(name, true);
      if (!entry.isFile()) continue;
      const content = fs.readFileSync(path.join(entry.parentPath, entry.name));
      this.#files.set(name, { content, size: content.length, durable: content, isNamed: true, dirty: false });
    }
  }

  /** Files that have been written and not synced, those for which `matters` holds. */
  unsynced(matters: (file: string) => boolean): string[] {
    return [...this.#files].flatMap(([name, image]) => (matters(name) && (image.dirty || (!image.isNamed && image.size > 0)) ? [name] : []));
  }

  /** Files that would not be found after a power cut, though something was written to them. */
  unnamed(matters: (file: string) => boolean): string[] {
    return [...this.#files].flatMap(([name, image]) => (matters(name) && !image.isNamed && image.size > 0 ? [name] : []));
  }

  apply(call: SystemCall): void {
    const [first = '', second = ''] = call.paths;
    switch (call.name) {
      case 'openat':
        if (!call.target.startsWith(this.#root)) return;
        if (call.flags.includes('O_DIRECTORY') || this.#directories.has(call.target)) return;
        if (call.flags.includes('O_CREAT') && !this.#files.has(call.target))
          this.#files.set(call.target, { content: Buffer.alloc(0), size: 0, durable: undefined, isNamed: false, dirty: false });
        if (call.flags.includes('O_TRUNC')) this.#truncate(call.target, 0);
        return;
      case 'write':
      case 'writev':
      case 'pwrite64':
      case 'pwritev':
        this.#write(call);
        return;
      case 'ftruncate':
        this.#truncate(call.target, call.offset ?? 0);
        return;
      case 'fsync':
      case 'fdatasync':
        this.#sync(call.target);
        return;
      case 'mkdir':
      case 'mkdirat':
        if (first.startsWith(this.#root)) this.#directories.set(first, false);
        return;
      case 'unlink':
      case 'unlinkat':
        this.#files.delete(first);
        return;
      case 'rename':
      case 'renameat':
      case 'renameat2': {
        const image = this.#files.get(first);
        if (!image) return;
        this.#files.delete(first);
        this.#files.set(second, { ...image, isNamed: false });
        return;
      }
      default:
    }
  }

  /** Writes what would have survived into a new directory. `survives` is asked for each sector of a file that was written and not synced, and for each new name. */
  materialize(target: string, survives: (file: string) => boolean = () => false): void {
    for (const [name, isNamed] of this.#directories) if (isNamed) fs.mkdirSync(this.#moved(name, target), { recursive: true });
    fs.mkdirSync(target, { recursive: true });
    for (const [name, image] of this.#files) {
      if (!image.isNamed && !survives(name)) continue;
      const file = this.#moved(name, target);
      if (fs.existsSync(path.dirname(file)))
        fs.writeFileSync(
          file,
          left(image, () => survives(name)),
        );
    }
  }

  #moved(name: string, target: string): string {
    return path.join(target, path.relative(this.#root, name));
  }

  #write(call: SystemCall): void {
    const image = this.#files.get(call.target);
    if (!image || !call.data) return;
    const data = call.data.subarray(0, call.result);
    // Everything that writes without an offset here appends.
    const at = call.offset ?? image.size;
    const end = at + data.length;
    if (end > image.content.length) {
      const grown = Buffer.alloc(Math.max(end, image.content.length * 2, 4096));
      image.content.copy(grown, 0, 0, image.size);
      image.content = grown;
    } else if (image.durable && image.durable.buffer === image.content.buffer) image.content = Buffer.from(image.content);
    data.copy(image.content, at);
    image.size = Math.max(image.size, end);
    image.dirty = true;
  }

  #truncate(name: string, size: number): void {
    const image = this.#files.get(name);
    if (!image) return;
    const content = Buffer.alloc(Math.max(size, 1));
    image.content.copy(content, 0, 0, Math.min(size, image.size));
    image.content = content;
    image.size = size;
    image.dirty = true;
  }

  #sync(name: string): void {
    const image = this.#files.get(name);
    if (image) {
      if (image.dirty || image.durable === undefined) image.durable = Buffer.from(image.content.subarray(0, image.size));
      image.dirty = false;
      return;
    }
    // Syncing a directory makes the names in it durable.
    for (const [file, entry] of this.#files) if (path.dirname(file) === name) entry.isNamed = true;
    for (const directory of this.#directories.keys()) if (path.dirname(directory) === name) this.#directories.set(directory, true);
  }
}

/** What is left of a file: each of its sectors as it was synced, or as it was written since. */
function left({ content, size, durable = Buffer.alloc(0), dirty }: FileImage, survives: () => boolean): Buffer {
  if (!dirty) return durable;
  const kept: { readonly at: number; readonly end: number }[] = [];
  for (let at = 0; at < size; at += SECTOR_BYTES) {
    const end = Math.min(at + SECTOR_BYTES, size);
    const isSame = end <= durable.length && content.subarray(at, end).equals(durable.subarray(at, end));
    if (!isSame && survives()) kept.push({ at, end });
  }
  // Its length goes with the last sector, or by itself.
  const length = survives() ? size : Math.max(durable.length, ...kept.slice(-1).map(({ end }) => end));
  const result = Buffer.alloc(length);
  durable.copy(result);
  for (const { at, end } of kept) content.copy(result, at, at, end);
  return result;
}
