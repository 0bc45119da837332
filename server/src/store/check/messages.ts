/** Messages: held by an entry or waiting to be destroyed; their conversations; thread keys. */
import { sql } from '../sql.ts';
import type { Connection } from '../sqlite/driver.ts';
import type { ProblemList } from './problem.ts';

const SLICE = 5_000;

export function* checkMessages(connection: Connection, problems: ProblemList): Generator<void> {
  let last = 0;
  for (;;) {
    const rows = connection.rows<
      [
        email: number,
        thread: number,
        held: number,
        waiting: number,
        blob: number | null,
        octets: number,
        length: number | null,
        prepared: number,
        header: number,
      ]
    >(
      sql`SELECT message.email, message.thread, EXISTS (SELECT 1 FROM entry_of_message AS held WHERE held.email = message.email),
            EXISTS (SELECT 1 FROM orphan WHERE orphan.email = message.email), blob.blob, message.size - length(message.prefix), blob.length,
            EXISTS (SELECT 1 FROM prepared WHERE prepared.body = message.blob), message.header_size
          FROM message LEFT JOIN blob ON blob.blob = message.blob WHERE message.email > ${last} ORDER BY message.email LIMIT ${SLICE}`,
    );
    for (const [email, thread, held, waiting, blob, octets, length, prepared, header] of rows) {
      last = email;
      if (held === 0 && waiting === 0) problems.add('message', `message ${email} is in no mailbox and not marked to be destroyed`);
      if (Math.floor(thread / 2 ** 30) !== Math.floor(email / 2 ** 30))
        problems.add('thread', `message ${email} is in conversation ${thread} of another account`);
      if (header > octets) problems.add('message', `message ${email} has a header of ${header} octets in a body of ${octets}`);
      if (blob === null) problems.add('message', `message ${email} has no body`);
      else if (prepared === 0) problems.add('message', `message ${email} has nothing prepared`);
      else if (octets !== length) problems.add('message', `message ${email} has ${octets} octets without its prefix, its body ${length}`);
    }
    yield;
    if (rows.length < SLICE) break;
  }
  const lost = connection.rows<[number, number]>(
    sql`SELECT thread_key.account, thread_key.thread FROM thread_key LEFT JOIN account_state USING (account)
        WHERE coalesce(account_state.stale_threads, 0) = 0
          AND NOT EXISTS (SELECT 1 FROM message WHERE message.email = thread_key.thread)
          AND NOT EXISTS (SELECT 1 FROM message WHERE message.thread = thread_key.thread AND message.thread <> message.email) LIMIT 20`,
  );
  for (const [account, thread] of lost) problems.add('thread', `a thread key of account ${account} leads to conversation ${thread}, which has no message`);
}
