/** Compaction: the bodies of a segment that are still referred to are copied one after the other into another segment. Ids do not change. */
import type { BlobId } from '#core/ids.ts';
import { SEGMENT_SPAN } from './blobs/layout.ts';
import { moveBodies } from './housekeeping-mutations.ts';
import { type Program, rows, sql } from './sql.ts';
import type { Store } from './store.ts';

/** Bodies and octets that are copied and moved at once. */
const BATCH_BODIES = 500;
const BATCH_BYTES = 4 * 2 ** 20;
const CHUNK_BYTES = 4 * 2 ** 20;

interface LiveBody {
  readonly blob: BlobId;
  readonly length: number;
}

/** Moves all bodies out of a full segment. Readers are not disturbed: the old file is there until long after. */
export async function compactSegment(store: Store, segment: number, signal?: AbortSignal): Promise<void> {
  for (;;) {
    if (signal?.aborted) return;
    const bodies = await store.query(bodiesIn(segment));
    if (bodies.length === 0) return;
    await moveBatch(store, segment, bodies);
  }
}

async function moveBatch(store: Store, from: number, bodies: readonly LiveBody[]): Promise<void> {
  const stream = store.streamBody();
  const places: number[] = [];
  let at = 0;
  try {
    for (const { blob, length } of bodies) {
      places.push(blob, at);
      for (let start = 0; start < length; start += CHUNK_BYTES) await stream.write(await store.readBlob(blob, start, Math.min(CHUNK_BYTES, length - start)));
      at += length;
    }
    const target = await stream.finish();
    await store.commit(moveBodies, { from, places }, [target]);
  } finally {
    await stream.abort();
  }
}

/** Some of the bodies that are in a segment now, at least one, at most a batch. */
function* bodiesIn(segment: number): Program<readonly LiveBody[]> {
  const first = segment * SEGMENT_SPAN;
  const unmoved = yield* rows<[BlobId, number]>(
    sql`SELECT blob, length FROM blob WHERE blob BETWEEN ${first} AND ${first + SEGMENT_SPAN - 1} AND segment IS NULL ORDER BY blob LIMIT ${BATCH_BODIES}`,
  );
  const found =
    unmoved.length > 0
      ? unmoved
      : yield* rows<[BlobId, number]>(sql`SELECT blob, length FROM blob WHERE segment = ${segment} ORDER BY place LIMIT ${BATCH_BODIES}`);
  const batch: LiveBody[] = [];
  let bytes = 0;
  for (const [blob, length] of found) {
    if (batch.length > 0 && bytes + length > BATCH_BYTES) break;
    batch.push({ blob, length });
    bytes += length;
  }
  return batch;
}
