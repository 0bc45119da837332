/** \Recent: the session that selects first is told which messages are new. RFC 3501 §2.3.2 (RFC 9051 has no \Recent) */
import { DomainError } from '#core/errors.ts';
import type { MailboxId } from '#core/ids.ts';
import { defineMutation, type Mutation } from './mutation.ts';
import { one, run, sql } from './sql.ts';

/** Returns the first uid that is \Recent to this session, and takes all up to now. Ask only when `recentUid < uidNext`: it costs a commit. */
export const claimRecent: Mutation<{ readonly mailbox: MailboxId }, number> = defineMutation(
  'store.claimRecent',
  function* (_tx, { mailbox }: { readonly mailbox: MailboxId }) {
    const row = yield* one<{ recent_uid: number }>(sql`SELECT recent_uid FROM mailbox WHERE mailbox = ${mailbox}`);
    if (!row) throw new DomainError('mailbox-not-found', 'there is no such mailbox', { mailbox });
    yield* run(sql`UPDATE mailbox SET recent_uid = uidnext WHERE mailbox = ${mailbox}`);
    return row.recent_uid;
  },
);
