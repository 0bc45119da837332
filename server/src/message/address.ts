/**
 * Addresses of header fields as text, read leniently; and the writing of addresses. For checks of what an author may write use `address-strict.ts`.
 *
 * RFC 5322 §3.4 · RFC 6532 · RFC 2047 §5 (3)
 */
import { parseRawAddresses, type RawAddress } from './address-list.ts';
import { decodeWords } from './encoded-word.ts';
import { textOfOctets } from './octets.ts';

export interface Mailbox {
  /** Decoded; undefined where none is given. */
  readonly name: string | undefined;
  /** Without quoting. */
  readonly localPart: string;
  /** As written; empty where the address has none. */
  readonly domain: string;
}

export type Address = ({ readonly kind: 'mailbox' } & Mailbox) | { readonly kind: 'group'; readonly name: string; readonly members: readonly Mailbox[] };

/** The addresses and groups of an unfolded field value (octet string). Never throws; what cannot be read is left out. */
export function parseHeaderAddresses(value: string): readonly Address[] {
  const found: Address[] = [];
  let members: Mailbox[] | undefined;
  for (const raw of parseRawAddresses(value)) {
    switch (raw.kind) {
      case 'group-start':
        members = [];
        found.push({ kind: 'group', name: decodeWords(raw.name), members });
        break;
      case 'group-end':
        members = undefined;
        break;
      case 'mailbox': {
        const mailbox = mailboxOf(raw);
        if (members === undefined) found.push({ kind: 'mailbox', ...mailbox });
        else members.push(mailbox);
        break;
      }
    }
  }
  return found;
}

/** The same without the groups: all mailboxes in their order. */
export function parseHeaderMailboxes(value: string): readonly Mailbox[] {
  return parseRawAddresses(value).flatMap((raw) => (raw.kind === 'mailbox' ? [mailboxOf(raw)] : []));
}

function mailboxOf(raw: Extract<RawAddress, { kind: 'mailbox' }>): Mailbox {
  return { name: raw.name === undefined ? undefined : decodeWords(raw.name), localPart: textOfOctets(raw.localPart), domain: textOfOctets(raw.domain) };
}

const DOT_ATOM = /^[!#$%&'*+/0-9=?A-Z^_`a-z{|}~\u0080-\u{10ffff}-]+(?:\.[!#$%&'*+/0-9=?A-Z^_`a-z{|}~\u0080-\u{10ffff}-]+)*$/u;

/** A local part as it must be written: quoted where it is no dot-atom. RFC 5322 §3.4.1, RFC 5321 §4.1.2 */
export function quoteLocalPart(localPart: string): string {
  return DOT_ATOM.test(localPart) ? localPart : `"${localPart.replace(/["\\]/g, '\\$&')}"`;
}

/** `local@domain`, quoted where needed; the local part alone where there is no domain. */
export function formatAddress(localPart: string, domain: string): string {
  return domain === '' ? quoteLocalPart(localPart) : `${quoteLocalPart(localPart)}@${domain}`;
}

/** Splits `local@domain` (text, local part quoted or not) at its last sign; undefined where there is none, or a side is empty. */
export function splitAddress(address: string): { readonly localPart: string; readonly domain: string } | undefined {
  const sign = address.lastIndexOf('@');
  if (sign < 1 || sign === address.length - 1) return undefined;
  const local = address.slice(0, sign);
  const domain = address.slice(sign + 1);
  if (!local.startsWith('"')) return { localPart: local, domain };
  if (local.length < 3 || !local.endsWith('"')) return undefined;
  return { localPart: local.slice(1, -1).replace(/\\([^])/g, '$1'), domain };
}
