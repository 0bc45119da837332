/** The thread that syncs the writer's segment (sync-thread.ts): it sleeps until it is asked, and has no event loop to speak of. */
import fs from 'node:fs';
import { workerData } from 'node:worker_threads';
import { ASKED, DESCRIPTOR, DONE, ERROR_NUMBER, IDLE, STARTING, STATE, STOPPING } from './sync-signal.ts';

const { signal } = workerData as { readonly signal: Int32Array };
/** What is told where the system gave no number: EIO. */
const INPUT_OUTPUT_ERROR = 5;

Atomics.compareExchange(signal, STATE, STARTING, IDLE);
for (let state = Atomics.load(signal, STATE); state !== STOPPING; state = Atomics.load(signal, STATE)) {
  if (state !== ASKED) {
    Atomics.wait(signal, STATE, state);
    continue;
  }
  Atomics.store(signal, ERROR_NUMBER, sync(Atomics.load(signal, DESCRIPTOR)));
  Atomics.store(signal, STATE, DONE);
  Atomics.notify(signal, STATE);
}

/** 0, or the number of the error. */
function sync(descriptor: number): number {
  try {
    fs.fdatasyncSync(descriptor);
    return 0;
  } catch (error) {
    const number = error instanceof Error && 'errno' in error && typeof error.errno === 'number' ? Math.abs(error.errno) : 0;
    return number === 0 ? INPUT_OUTPUT_ERROR : number;
  }
}
