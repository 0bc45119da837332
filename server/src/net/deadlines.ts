/**
 * Time-outs for many connections without a timer for each: one coarse wheel a thread. Whoever has a deadline is put in the slot of the moment when it
 * must be looked at; moving a deadline later is free (it is looked at early and put back), so a busy connection pays one number a read.
 */
const TICK_MS = 100;

/** Something with a deadline, by `nowMs()`. */
export interface Watched {
  /** When to call `expire`; Infinity for never. May move at any time; call `watch` after moving it nearer. */
  readonly deadlineMs: number;
  /** The wheel's own note: the tick in which it will look, 0 when it will not. Starts at 0. */
  watchedAtTick: number;
  /** The deadline has passed. Called again in a while if it stays passed. */
  expire(nowMs: number): void;
}

const slots = new Map<number, Set<Watched>>();
let timer: NodeJS.Timeout | undefined;
let lastTick = 0;

/** The clock of deadlines: milliseconds, monotonic. */
export function nowMs(): number {
  return performance.now();
}

/** Makes sure that `item` is looked at when its deadline comes. Cheap when nothing changes. */
export function watch(item: Watched): void {
  if (item.deadlineMs === Number.POSITIVE_INFINITY) return;
  const tick = Math.max(Math.ceil(item.deadlineMs / TICK_MS), Math.floor(performance.now() / TICK_MS) + 1);
  if (item.watchedAtTick !== 0 && item.watchedAtTick <= tick) return;
  unwatch(item);
  item.watchedAtTick = tick;
  const slot = slots.get(tick);
  if (slot) slot.add(item);
  else slots.set(tick, new Set([item]));
  if (!timer) {
    lastTick = Math.floor(performance.now() / TICK_MS);
    timer = setInterval(turn, TICK_MS);
    timer.unref();
  }
}

/** Lets an item go whose life is over: a minute of dead connections with all they hold is much memory on a busy server. */
export function unwatch(item: Watched): void {
  if (item.watchedAtTick === 0) return;
  slots.get(item.watchedAtTick)?.delete(item);
  item.watchedAtTick = 0;
}

function turn(): void {
  const now = performance.now();
  const current = Math.floor(now / TICK_MS);
  for (let tick = lastTick; tick <= current; tick++) {
    const slot = slots.get(tick);
    if (!slot) continue;
    slots.delete(tick);
    for (const item of slot) {
      // Let go by one that came before it in this slot.
      if (item.watchedAtTick !== tick) continue;
      item.watchedAtTick = 0;
      if (item.deadlineMs <= now) item.expire(now);
      watch(item);
    }
  }
  lastTick = current + 1;
  if (slots.size === 0 && timer) {
    clearInterval(timer);
    timer = undefined;
  }
}
