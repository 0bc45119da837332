/**
 * Domain names as the checks compare and ask for them: A-labels, lower case, without the final dot.
 *
 * RFC 5890 §2.3 (A-labels) · RFC 1035 §2.3.4 (sizes) · RFC 8616 (internationalized mail and authentication)
 */
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';

const LONGEST_NAME = 253;
const LONGEST_LABEL = 63;
const HYPHEN = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const UNDERSCORE = 0x5f;
const SMALL_A = 0x61;
const SMALL_Z = 0x7a;
const PRINTABLE = /^[\x21-\x7e]*$/;
/** What cannot be in the name of a mail domain, though the DNS would take it. */
const NOT_IN_NAMES = /[()<>[\]:;@\\,"/%]/;

/** The form to compare and to ask for; undefined for what is no domain name (address literals, empty or long labels, what IDNA does not map). */
export function domainToName(text: string): string | undefined {
  // U-labels are at most as long as their A-labels; the bound keeps IDNA's work small.
  if (text.length === 0 || text.length > LONGEST_NAME + 1) return undefined;
  if (isPlainName(text)) return text;
  const ascii = PRINTABLE.test(text) ? text.toLowerCase() : domainToASCII(text);
  const name = ascii.endsWith('.') ? ascii.slice(0, -1) : ascii;
  if (name.length === 0 || name.length > LONGEST_NAME || NOT_IN_NAMES.test(name) || isIP(name) !== 0) return undefined;
  return hasGoodLabels(name) ? name : undefined;
}

/** Whether a text is in the form already, as nearly all are; what could be an address, or has letters of other kinds, is looked at more closely. */
function isPlainName(text: string): boolean {
  if (text.length > LONGEST_NAME) return false;
  let label = 0;
  let code = 0;
  for (let at = 0; at < text.length; at++) {
    code = text.charCodeAt(at);
    if (code === DOT) {
      if (label === 0) return false;
      label = 0;
    } else if (((code >= SMALL_A && code <= SMALL_Z) || (code >= ZERO && code <= NINE) || code === HYPHEN || code === UNDERSCORE) && label < LONGEST_LABEL)
      label++;
    else return false;
  }
  return label > 0 && (code < ZERO || code > NINE);
}

/** Whether one domain is the other or a name below it. Both in the form of `domainToName`. */
export function isAtOrBelow(name: string, domain: string): boolean {
  return name.endsWith(domain) && (name.length === domain.length || name.charCodeAt(name.length - domain.length - 1) === 0x2e);
}

function hasGoodLabels(name: string): boolean {
  for (let start = 0; start <= name.length; ) {
    const dot = name.indexOf('.', start);
    const end = dot < 0 ? name.length : dot;
    if (end === start || end - start > LONGEST_LABEL) return false;
    start = end + 1;
  }
  return true;
}
