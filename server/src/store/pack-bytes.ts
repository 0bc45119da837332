/**
 * Arguments ready for another thread: all octets in them are gathered into one piece of memory, which is handed over instead of being copied. Structured clone would
 * copy each of them by itself, together with the whole memory behind a view, and that costs more than all the rest of a message to the writer.
 */

const DEPTH = 8;

export interface Packed<T> {
  /** The same value; its octets lie in `memory`. */
  readonly value: T;
  /** To be transferred; undefined where there are no octets. */
  readonly memory: ArrayBuffer | undefined;
}

/** What is below the eighth level is left as it is, and so are other typed arrays. */
export function packBytes<T>(value: T): Packed<T> {
  const length = countBytes(value, DEPTH);
  if (length === 0) return { value, memory: undefined };
  const packing = { memory: new ArrayBuffer(length), at: 0 };
  return { value: withPacked(value, packing, DEPTH) as T, memory: packing.memory };
}

interface Packing {
  readonly memory: ArrayBuffer;
  at: number;
}

function countBytes(value: unknown, depth: number): number {
  if (typeof value !== 'object' || value === null || depth === 0) return 0;
  if (value instanceof Uint8Array) return value.length;
  if (ArrayBuffer.isView(value)) return 0;
  let length = 0;
  if (Array.isArray(value)) {
    // Lists of numbers (uids, hashes) hold nothing to look for.
    if (typeof value[0] === 'number') return 0;
    for (const item of value) length += countBytes(item, depth - 1);
  } else for (const key in value) length += countBytes(value[key as never], depth - 1);
  return length;
}

/** A copy, as far down as there are octets; what has none is the very same. */
function withPacked(value: unknown, packing: Packing, depth: number): unknown {
  if (typeof value !== 'object' || value === null || depth === 0) return value;
  if (value instanceof Uint8Array) {
    const view = new Uint8Array(packing.memory, packing.at, value.length);
    view.set(value);
    packing.at += value.length;
    return view;
  }
  if (ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) {
    if (typeof value[0] === 'number') return value;
    let copy: unknown[] | undefined;
    for (let i = 0; i < value.length; i++) {
      const packed = withPacked(value[i], packing, depth - 1);
      if (packed === value[i]) continue;
      copy ??= [...(value as unknown[])];
      copy[i] = packed;
    }
    return copy ?? value;
  }
  let copy: Record<string, unknown> | undefined;
  for (const key in value) {
    const item: unknown = value[key as never];
    const packed = withPacked(item, packing, depth - 1);
    if (packed === item) continue;
    copy ??= { ...(value as Record<string, unknown>) };
    copy[key] = packed;
  }
  return copy ?? value;
}
