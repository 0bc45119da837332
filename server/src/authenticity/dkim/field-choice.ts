/**
 * Which fields our signatures cover.
 *
 * RFC 6376 §5.4 (what to sign), §5.4.2 (naming a field that is not there), §8.15 (why): a field named once more than it is there cannot be added later
 * without breaking the signature. docs/decisions/0009
 */
import type { SignableFields } from './canonical-header.ts';

/** Named once more than they are there, even where they are not: what a reader or a mail program goes by. */
const ALWAYS: readonly string[] = [
  'from',
  'to',
  'cc',
  'subject',
  'date',
  'message-id',
  'reply-to',
  'sender',
  'in-reply-to',
  'references',
  'mime-version',
  'content-type',
  'content-transfer-encoding',
];

const IS_ALWAYS: ReadonlySet<string> = new Set(ALWAYS);

/** Named once more than they are there where they are there: a mailing list that leaves a message as it is adds such fields of its own. */
const WHERE_PRESENT: ReadonlySet<string> = new Set([
  'auto-submitted',
  'autocrypt',
  'disposition-notification-to',
  'feedback-id',
  'importance',
  'list-archive',
  'list-help',
  'list-id',
  'list-owner',
  'list-post',
  'list-subscribe',
  'list-unsubscribe',
  'list-unsubscribe-post',
  'openpgp',
  'organization',
  'priority',
  'tls-report-domain',
  'tls-report-submitter',
  'tls-required',
  'x-priority',
]);

/** Beyond so many of one name the lowest are signed; the others were added to make signatures long. */
const MOST_OF_A_NAME = 50;

/** The names for `h=`, lower case, so often as they are signed. */
export function overSignedFields(fields: SignableFields): readonly string[] {
  const names: string[] = [];
  for (const name of ALWAYS) addTimes(names, name, fields.numbersOf(name).length + 1);
  for (const name of fields.names())
    if (!IS_ALWAYS.has(name) && (WHERE_PRESENT.has(name) || CONTENT_FIELD.test(name))) addTimes(names, name, fields.numbersOf(name).length + 1);
  return names;
}

/** The names for an ARC-Message-Signature: what DKIM covers as far as it is there, and the signatures made before. RFC 8617 §4.1.2 */
export function arcSignedFields(fields: SignableFields): readonly string[] {
  const names = [...overSignedFields(fields)];
  addTimes(names, 'dkim-signature', fields.numbersOf('dkim-signature').length);
  return names;
}

const CONTENT_FIELD = /^content-[a-z0-9-]{1,60}$/;

function addTimes(names: string[], name: string, count: number): void {
  for (let left = Math.min(count, MOST_OF_A_NAME); left > 0; left--) names.push(name);
}
