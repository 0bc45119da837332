/**
 * IMAP BODYSTRUCTURE, made once when a message arrives, and BODY, which is the same without extension data.
 *
 * RFC 9051 §7.5.2, §9 (`body`) · RFC 3501 §7.4.2 · RFC 2231 §8
 *
 * A message or multipart that was not looked into (too deep, transfer-encoded) is shown as application/octet-stream: the syntax has no other leaf for it.
 */
import { asBuffer } from '#core/bytes.ts';
import { imapNString, imapString } from './imap-string.ts';
import { octetsOf } from './octets.ts';
import type { Parameter, ValueWithParameters } from './parameters.ts';
import type { Content, Part } from './part.ts';

/** The structure with extension data, ready to send. */
export function imapBodyStructure(root: Part): Buffer {
  return Buffer.from(bodyOf(root), 'latin1');
}

function bodyOf(part: Part): string {
  const { content } = part;
  const extension = `${disposition(content.disposition)} ${language(content.language)} ${imapNString(content.location)}`;
  if (part.kind === 'multipart') {
    let parts = '';
    for (const child of part.children) parts += bodyOf(child);
    return `(${parts} ${imapString(content.subtype)} ${parameters(content.parameters)} ${extension})`;
  }
  const size = part.bodyEnd - part.bodyStart;
  const message = part.kind === 'message' ? part.children[0] : undefined;
  let specific = '';
  let type = content.type;
  let subtype = content.subtype;
  if (message !== undefined)
    specific = ` ${message.envelope === undefined ? NO_ENVELOPE : octetsOf(asBuffer(message.envelope))} ${bodyOf(message)} ${part.lines}`;
  else if (type === 'text') specific = ` ${part.lines}`;
  else if (type === 'multipart' || (type === 'message' && (subtype === 'rfc822' || subtype === 'global'))) {
    type = 'application';
    subtype = 'octet-stream';
  }
  return (
    `(${imapString(type)} ${imapString(subtype)} ${parameters(content.parameters)} ${imapNString(content.id)} ${imapNString(content.description)} ` +
    `${imapString(content.encoding)} ${size}${specific} ${imapNString(content.md5)} ${extension})`
  );
}

const NO_ENVELOPE = '(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)';

function parameters(list: readonly Parameter[]): string {
  if (list.length === 0) return 'NIL';
  let out = '';
  for (const { name, value } of list) out += `${out === '' ? '(' : ' '}${imapString(name)} ${imapString(value)}`;
  return `${out})`;
}

function disposition(value: ValueWithParameters | undefined): string {
  return value === undefined ? 'NIL' : `(${imapString(value.value === '' ? 'attachment' : value.value)} ${parameters(value.parameters)})`;
}

function language(tags: Content['language']): string {
  if (tags.length === 0) return 'NIL';
  const [first] = tags;
  return tags.length === 1 ? imapString(first as string) : `(${tags.map(imapString).join(' ')})`;
}
