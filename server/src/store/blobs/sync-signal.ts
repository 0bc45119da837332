/** The memory that a SyncThread and its owner share: where a sync stands, which file it is for, and the error number that it ended with. */

export const STATE = 0;
export const DESCRIPTOR = 1;
export const ERROR_NUMBER = 2;
export const SIGNAL_BYTES: number = 3 * Int32Array.BYTES_PER_ELEMENT;

/** The thread is not there yet. */
export const STARTING = 0;
export const IDLE = 1;
export const ASKED = 2;
export const DONE = 3;
export const STOPPING = 4;
