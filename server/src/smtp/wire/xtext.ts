/** xtext: how DSN parameters carry other octets. RFC 3461 §4 · RFC 6533 §3 (utf-8-addr-xtext also uses `\x{...}`, which is left as it is) */

// xchar is any character from "!" to "~" but "+" and "=".
const XTEXT = /^(?:[!-*,-<>-~]|\+[0-9A-F]{2})*$/;

/** Whether the text is xtext with printable content. */
export function isXtext(text: string): boolean {
  return XTEXT.test(text) && /^[\x20-\x7e]*$/.test(decodeXtext(text));
}

/** What xtext stands for; give it only what `isXtext` accepts. */
export function decodeXtext(text: string): string {
  return text.includes('+') ? text.replace(/\+([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))) : text;
}

/** A text as xtext; what is not printable ASCII must have been refused or written another way before. */
export function encodeXtext(text: string): string {
  return text.replace(/[^!-*,-<>-~]/g, (character) => `+${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}
