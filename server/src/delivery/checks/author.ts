/**
 * Whom a message names as its author: the domains that DMARC asks about.
 *
 * RFC 9989 §5.3.1 (one From field; all its addresses of one domain) · RFC 5322 §3.6 (exactly one From)
 *
 * What cannot be read in one way only never passes: another program may show somebody else than the one that was checked.
 */
import { MOST_AUTHOR_DOMAINS } from '#authenticity/dmarc/evaluate-dmarc.ts';
import { type Mailbox, parseHeaderMailboxes } from '#message/address.ts';
import { AddressSyntaxError, parseAddressListStrict } from '#message/address-strict.ts';
import type { Header } from '#message/header.ts';

/** Why the author of a message is not certain. `several-from`: several fields, or one with more domains than anybody asks about. */
export type AuthorProblem = 'no-from' | 'several-from' | 'malformed-from' | 'long-header';

export interface Author {
  /** As written, each once; of several From fields none. */
  readonly domains: readonly string[];
  readonly problem: AuthorProblem | undefined;
}

/** Addresses of one From field that are looked at. */
const ADDRESS_LIMIT = 100;

/** Never throws. */
export function authorOf(header: Header): Author {
  const fields = header.countOf('from');
  if (fields === 0) return { domains: [], problem: 'no-from' };
  if (fields > 1) return { domains: [], problem: 'several-from' };
  const value = header.first('from') ?? '';
  const strict = readStrictly(value);
  if (strict !== undefined) return authorsAt(domainsOf(strict), undefined);
  // Display names with bare commas and the like: whom it seems to be from can still fail, and never pass.
  return authorsAt(domainsOf(parseHeaderMailboxes(value).slice(0, ADDRESS_LIMIT)), 'malformed-from');
}

/** Behind four domains without a policy a fifth could hide from its own. */
function authorsAt(domains: readonly string[], problem: AuthorProblem | undefined): Author {
  return { domains, problem: domains.length > MOST_AUTHOR_DOMAINS ? 'several-from' : problem };
}

function readStrictly(value: string): readonly Mailbox[] | undefined {
  try {
    return parseAddressListStrict(value, ADDRESS_LIMIT);
  } catch (error) {
    if (error instanceof AddressSyntaxError) return undefined;
    throw error;
  }
}

function domainsOf(mailboxes: readonly Mailbox[]): readonly string[] {
  return [...new Set(mailboxes.map(({ domain }) => domain.toLowerCase()))].filter((domain) => domain !== '');
}
