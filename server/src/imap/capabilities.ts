/**
 * What the server says it can do, by the state of the connection. An extension adds its line here.
 *
 * RFC 9051 §6.1.1, §6.2.3 (LOGINDISABLED), §7.2.2
 */
import { offeredMechanisms } from '#sasl/exchange.ts';
import type { Session } from './session.ts';

/** In every state. RFC 3501, 9051, 7888, 4959, 2971, 5161, 2177. */
const ALWAYS: readonly string[] = ['IMAP4rev1', 'IMAP4rev2', 'LITERAL+', 'SASL-IR', 'ID', 'ENABLE', 'IDLE'];

const SIGNED_IN: readonly string[] = [
  'UIDPLUS', // RFC 4315
  'MOVE', // RFC 6851
  'NAMESPACE', // RFC 2342
  'UNSELECT', // RFC 3691
  'CHILDREN', // RFC 3348
  'SPECIAL-USE', // RFC 6154
  'CREATE-SPECIAL-USE', // RFC 6154
  'LIST-EXTENDED', // RFC 5258
  'LIST-STATUS', // RFC 5819
  'CONDSTORE', // RFC 7162
  'QRESYNC', // RFC 7162
  'ESEARCH', // RFC 4731
  'SEARCHRES', // RFC 5182
  'QUOTA', // RFC 9208
  'QUOTA=RES-STORAGE',
  'STATUS=SIZE', // RFC 8438
  'UTF8=ACCEPT', // RFC 6855
  'OBJECTID', // RFC 8474
  'MULTIAPPEND', // RFC 3502
  'BINARY', // RFC 3516
  'SAVEDATE', // RFC 8514
  'PREVIEW', // RFC 8970
  'WITHIN', // RFC 5032
];

/** The capabilities as the session stands, in one line. */
export function capabilities(session: Session): string {
  const { directory, settings } = session.services;
  if (session.identity !== undefined) return [...ALWAYS, ...SIGNED_IN, `APPENDLIMIT=${settings.appendLimitBytes}`].join(' ');
  const { tls, listener } = session.connection;
  if (tls === undefined) return [...ALWAYS, ...(listener === 'imap' ? ['STARTTLS'] : []), 'LOGINDISABLED'].join(' ');
  return [...ALWAYS, ...offeredMechanisms(tls, directory).map(({ name }) => `AUTH=${name}`)].join(' ');
}
