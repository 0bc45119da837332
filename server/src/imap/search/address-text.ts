/**
 * What FROM, TO, CC and BCC search besides the text of the field: its addresses as ENVELOPE has them, without comments, quoting and stray spaces.
 *
 * RFC 9051 §6.4.4 ("the envelope structure's FROM field"), §7.5.2 · RFC 5322 §3.4, §4.4
 */
import { parseHeaderMailboxes } from '#message/address.ts';

/** `Jan Kowalski <jan@example.com>, anna@example.com` of an unfolded field value (octet string). */
export function addressText(value: string): string {
  const addresses = parseHeaderMailboxes(value).map(({ name, localPart, domain }) => {
    const address = domain === '' ? localPart : `${localPart}@${domain}`;
    return name === undefined ? address : `${name} <${address}>`;
  });
  return addresses.join(', ');
}

/** Whether the addresses of a value can contain a needle (folded) that the value itself does not: it has comments, quoting, a route, or white space that is more than one blank or inside an address. */
export function needsNormalizing(value: string, needle: string): boolean {
  return ODD.test(value) && (needle.includes('<') || needle.endsWith(' ') || !COMMON.test(value));
}

/** The last: white space after a dot, in a word that turns out to be an address. Linear: a word is looked at once for its dot and once for what is before it. */
const ODD = /[(\\"\t]|\s\s|\s[@>]|[@<]\s|\S<|<@|\s\.|\.\s+[^\s@<>,]*@/;
/** `"Kowalski, Jan" <jan@example.com>`: only what reaches beyond the name can differ. */
const COMMON = /^"[^"\\]*" <[^\s"<>(),:;@\\]+@[^\s"<>(),:;@\\]+>$/;
