/** References to bodies: rows that name one (messages, queue entries) are counted; what nobody names is freed after a grace time. */
import type { BlobId } from '#core/ids.ts';
import type { StoredBody } from './mutation.ts';
import { type Program, run, sql } from './sql.ts';

/** Adds references to a body of this mutation. */
export function* keepBody(body: StoredBody, references: number = 1): Program<void> {
  yield* run(
    sql`INSERT INTO blob (blob, length, refs) VALUES (${body.blob}, ${body.length}, ${references})
        ON CONFLICT (blob) DO UPDATE SET refs = refs + excluded.refs, freed_at = NULL`,
  );
}

/** Takes references away; a body that has none left is freed after the grace time. */
export function* releaseBody(blob: BlobId, nowMs: number, references: number = 1): Program<void> {
  yield* run(sql`UPDATE blob SET refs = refs - ${references}, freed_at = CASE WHEN refs <= ${references} THEN ${nowMs} END WHERE blob = ${blob}`);
}
