/**
 * Signs that a message has come by way of others: a mailing list, a forward. Nobody vouches for them, so they make no message better than it is; they only keep one
 * from being refused that its author may really have sent.
 *
 * RFC 9989 §7.4 (indirect mail flows) · RFC 2919 (List-Id) · RFC 2369 (List-Post) · RFC 5322 §3.6.6 (Resent) · RFC 3834 §5 (Precedence)
 */
import type { Header } from '#message/header.ts';

/** List-Unsubscribe is none: senders of bulk mail put it in themselves. */
const FIELDS = ['list-id', 'list-post', 'mailing-list', 'x-beenthere', 'resent-from', 'x-forwarded-to', 'x-forwarded-for'] as const;

/** What the sign is, a field name or `srs`; undefined where there is none. */
export function indirectSign(header: Header, senderLocalPart: string | undefined): string | undefined {
  if (senderLocalPart !== undefined && /^SRS[01][=+-]/i.test(senderLocalPart)) return 'srs';
  for (const name of FIELDS) if (header.countOf(name) > 0) return name;
  return header.first('precedence')?.toLowerCase() === 'list' ? 'precedence' : undefined;
}
