/** Reports that wait for an HTTPS server: queued with the note that the report was made, gone when one has taken it or its time is over. The trail tells of each attempt. */
import { defineMutation, type Mutation } from '#store/mutation.ts';
import { all, type Program, run, sql } from '#store/sql.ts';
import { record } from '#trail/record.ts';

export interface PostKey {
  /** Of the report. */
  readonly id: string;
  readonly uri: string;
}

export interface NewPosts {
  readonly id: string;
  readonly day: string;
  readonly domain: string;
  readonly uris: readonly string[];
  /** As it is sent, packed. */
  readonly report: Uint8Array;
  readonly nowMs: number;
}

export interface WaitingPost extends PostKey {
  readonly day: string;
  readonly domain: string;
  readonly report: Uint8Array;
  readonly createdAtMs: number;
  /** Attempts made. */
  readonly attempts: number;
}

/** Part of the mutation that notes a report. */
export function* addPosts({ id, day, domain, uris, report, nowMs }: NewPosts): Program<void> {
  for (const uri of uris) {
    yield* run(sql`
      INSERT INTO report_post (id, uri, day, domain, report, created_at, attempts, due_at) VALUES (${id}, ${uri}, ${day}, ${domain}, ${report}, ${nowMs}, 0, ${nowMs})
      ON CONFLICT DO NOTHING`);
  }
}

/** What is due, the longest waiting first. */
export function* readDuePosts(nowMs: number, limit: number): Program<readonly WaitingPost[]> {
  return yield* all<WaitingPost>(sql`
    SELECT id, uri, day, domain, report, created_at AS createdAtMs, attempts FROM report_post WHERE due_at <= ${nowMs} ORDER BY due_at LIMIT ${limit}`);
}

export interface BegunPost extends PostKey {
  /** When the next attempt is due, should this one fail. */
  readonly dueAtMs: number;
}

/**
 * Notes an attempt before it is made: where its outcome cannot be written down, the report is not sent again and again. False: somebody else has seen to it.
 */
export const beginPost: Mutation<BegunPost, boolean> = defineMutation('reports.beginPost', function* (_tx, { id, uri, dueAtMs }: BegunPost) {
  return (yield* run(sql`UPDATE report_post SET attempts = attempts + 1, due_at = ${dueAtMs} WHERE id = ${id} AND uri = ${uri}`)) > 0;
});

export interface SettledPost extends PostKey {
  readonly nowMs: number;
  readonly outcome: 'delivered' | 'deferred' | 'bounced';
  readonly reply: string;
  readonly host: string | undefined;
  readonly tls: { readonly version: string; readonly cipher: string } | undefined;
}

/** Writes down what an attempt came to. */
export const settlePost: Mutation<SettledPost, void> = defineMutation('reports.settlePost', function* (tx, args: SettledPost) {
  const { id, uri, nowMs, outcome, reply, host, tls } = args;
  if (outcome !== 'deferred' && (yield* run(sql`DELETE FROM report_post WHERE id = ${id} AND uri = ${uri}`)) === 0) return;
  const details = { reply, host, isOurs: host === undefined ? true : undefined, tls: tls && { ...tls, isVerified: true, policy: 'none', check: 'web-pki' } };
  yield* record(tx, { event: outcome, atMs: nowMs, queueId: id, recipients: [{ address: uri }], details });
});
