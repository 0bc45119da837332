/** Room on the disk: whether new messages still fit, and where an expunge finds some when nothing fits any more. */
import { storeDirectory } from '../blobs/layout.ts';
import type { BodyFiles } from '../blobs/files.ts';
import type { Connection } from './driver.ts';
import { FreeSpace } from './free-space.ts';
import type { Reserve } from './reserve.ts';

export interface RoomOptions {
  readonly directory: string;
  readonly connection: Connection;
  readonly files: BodyFiles;
  readonly reserve: Reserve | undefined;
  readonly freeSpaceMarkBytes: number | undefined;
  readonly onFailure: ((error: unknown, requests: number) => void) | undefined;
}

export class Room {
  readonly #options: RoomOptions;
  readonly #space: FreeSpace;

  constructor(options: RoomOptions) {
    this.#options = options;
    this.#space = new FreeSpace(options.files, storeDirectory(options.directory), options.freeSpaceMarkBytes);
  }

  /** Whether mail must be refused. */
  isBelowMark(): boolean {
    return this.#space.isBelowMark();
  }

  /** Something has just failed: the next look is a new one. */
  forget(): void {
    this.#space.forget();
  }

  /** On a full disk: gives the reserve up and lets the log begin anew. Returns whether another try may succeed. */
  make(): boolean {
    const { reserve, connection, onFailure } = this.#options;
    if (!reserve?.give()) return false;
    try {
      connection.pragma('wal_checkpoint(TRUNCATE)');
    } catch (error) {
      // There is the reserve's room at least.
      onFailure?.(error, 0);
    }
    return true;
  }

  /** Puts room by again once there is enough; not for when a request waits. */
  tend(): void {
    const { reserve } = this.#options;
    if (reserve?.isWanted && !this.#space.isBelowMark()) reserve.make();
  }
}
