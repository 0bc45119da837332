/**
 * Arguments ready to be cloned to another thread. Structured clone copies the whole memory behind a view: a part of a large read buffer would bring
 * all of it along, so parts are first copied out.
 */

/** Spare octets behind a view that are not worth a copy. */
const SLACK_BYTES = 512;
const DEPTH = 6;

/** The same value with every small view into a larger memory replaced by a copy of its own; the very same object where there is none. */
export function compactBytes<T>(value: T, depth: number = DEPTH): T {
  if (typeof value !== 'object' || value === null || depth === 0) return value;
  if (value instanceof Uint8Array) return (value.buffer.byteLength - value.byteLength > SLACK_BYTES ? new Uint8Array(value) : value) as T;
  if (ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) {
    // Lists of numbers (uids, hashes) hold nothing to look for.
    if (typeof value[0] === 'number') return value;
    let copy: unknown[] | undefined;
    for (let i = 0; i < value.length; i++) {
      const item: unknown = value[i];
      const compacted = compactBytes(item, depth - 1);
      if (compacted === item) continue;
      copy ??= [...(value as unknown[])];
      copy[i] = compacted;
    }
    return (copy ?? value) as T;
  }
  const copy: Record<string, unknown> = {};
  let isChanged = false;
  for (const [key, item] of Object.entries(value)) {
    const compacted: unknown = compactBytes(item, depth - 1);
    copy[key] = compacted;
    isChanged ||= compacted !== item;
  }
  return (isChanged ? copy : value) as T;
}
