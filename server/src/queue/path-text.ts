/** Addresses of the queue as text and back. RFC 5321 §4.1.2 (Mailbox) */
import { quoteLocalPart } from '#message/address.ts';

/** `jan@example.org`, with the local part quoted where it must be. */
export function addressText(localPart: string, domain: string): string {
  return `${quoteLocalPart(localPart)}@${domain}`;
}

/** The parts of a reverse-path as the queue keeps it. */
export function splitAddress(address: string): { readonly localPart: string; readonly domain: string } {
  const at = address.lastIndexOf('@');
  const local = at < 0 ? address : address.slice(0, at);
  const isQuoted = local.length >= 2 && local.startsWith('"') && local.endsWith('"');
  return { localPart: isQuoted ? local.slice(1, -1).replace(/\\(.)/g, '$1') : local, domain: at < 0 ? '' : address.slice(at + 1).toLowerCase() };
}

/** ORCPT as the notice shows it: its xtext decoded. RFC 3461 §4, §6.3 (a) */
export function decodeOriginalRecipient(value: string): string {
  return value.replace(/\+([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
