/**
 * Works out, once, everything of a message that is kept beside it (prepared.ts).
 *
 * RFC 9051 §7.5.2 · RFC 5256 §2.1 · RFC 8970 · RFC 8621 §3
 */
import { subjectKey } from './base-subject.ts';
import { imapBodyStructure } from './body-structure.ts';
import { parseDate } from './date.ts';
import { decodeWords } from './encoded-word.ts';
import { imapEnvelope } from './envelope.ts';
import { parseMessageId, parseMessageIds } from './message-id.ts';
import { parseMessage } from './parse.ts';
import type { ParsedMessage, Part } from './part.ts';
import type { PreparedMessage } from './prepared.ts';
import { previewOf } from './preview.ts';
import { encodeStructure, isAttachment } from './structure.ts';
import { threadHashes } from './thread-keys.ts';

/** Octets kept of the fields that lists ask for: at least LISTED_HEADER_BYTES. */
const FIELDS_LIMIT = 64 * 1024;

/** From a parsed message. Pure: the same message gives the same result. */
export function prepare(parsed: ParsedMessage): PreparedMessage {
  const { header, root } = parsed;
  const date = header.first('date');
  const subject = header.first('subject');
  const key = subject === undefined ? '' : subjectKey(decodeWords(subject));
  const references = header.first('references');
  const inReplyTo = header.first('in-reply-to');
  return {
    sizeBytes: parsed.sizeBytes,
    headerBytes: root.bodyStart,
    envelope: imapEnvelope(header),
    bodyStructure: imapBodyStructure(root),
    structure: encodeStructure(root),
    fields: header.listingFields(FIELDS_LIMIT),
    preview: previewOf(parsed.plainSample, parsed.htmlSample),
    subjectKey: key,
    sentAtMs: date === undefined ? undefined : parseDate(date),
    hasAttachment: holdsAttachment(root),
    threadHashes: threadHashes(
      parseMessageId(header.first('message-id')),
      references === undefined ? NO_IDS : parseMessageIds(references),
      inReplyTo === undefined ? NO_IDS : parseMessageIds(inReplyTo),
      key,
    ),
  };
}

/** The same for a message that is there as a whole. */
export function prepareMessage(bytes: Uint8Array): PreparedMessage {
  return prepare(parseMessage(bytes));
}

const NO_IDS: readonly string[] = [];

function holdsAttachment(part: Part): boolean {
  if (isAttachment(part)) return true;
  return part.kind === 'multipart' && part.children.some(holdsAttachment);
}
