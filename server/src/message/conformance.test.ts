/**
 * Messages from the test suites of other mail libraries, and two of those libraries as oracles. Where we read a message differently, DIFFERENCES says why;
 * an entry that no longer differs fails too, so that the list stays true.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { simpleParser } from 'mailparser';
import PostalMime from 'postal-mime';
import { conformance, conformanceData, needs } from '../../test/support/outside.ts';
import { parseHeaderMailboxes } from './address.ts';
import { parseDate } from './date.ts';
import { decodeWords } from './encoded-word.ts';
import { withCrlf } from './header.ts';
import { checkImapData } from './imap-data.fixture.ts';
import { parseMessageId } from './message-id.ts';
import { decodeParameter } from './parameter-text.ts';
import { MessageParser, parseMessage } from './parse.ts';
import type { Part } from './part.ts';
import { prepare } from './prepare.ts';
import { decodeStructure, encodeStructure, type StructurePart } from './structure.ts';
import { partText, searchableText } from './text.ts';
import { decodeTransfer } from './transfer.ts';

const messages = corpus();
const small = messages.filter(({ bytes }) => bytes.length < 100_000);
const options = needs(conformanceData('mime'));

test('every message of the corpus has a sane structure, in pieces as at once', options, () => {
  assert.ok(messages.length > 100);
  for (const { name, bytes } of messages) {
    const parsed = parseMessage(bytes);
    const prepared = prepare(parsed);
    const parser = new MessageParser();
    for (let at = 0; at < bytes.length; at += 77) parser.write(bytes.subarray(at, at + 77));
    assert.deepEqual(prepare(parser.end()), prepared, name);
    assert.equal(prepared.sizeBytes, bytes.length, name);
    assert.equal((checkImapData(prepared.envelope) as readonly unknown[]).length, 10, name);
    checkImapData(prepared.bodyStructure);
    const structure = decodeStructure(prepared.structure);
    const check = (part: StructurePart): void => {
      let after = part.bodyStart;
      assert.ok(part.headerStart <= part.bodyStart && part.bodyStart <= part.bodyEnd, name);
      for (const child of part.children) {
        assert.ok(child.headerStart >= after && child.bodyEnd <= part.bodyEnd, name);
        after = child.bodyEnd;
        check(child);
      }
    };
    check(structure);
    assert.equal(structure.bodyEnd, bytes.length, name);
    searchableText(structure, bytes);
  }
});

test('messages that were damaged on the way are still read', options, () => {
  const damage = fc.record({
    index: fc.nat(),
    cuts: fc.array(
      fc.record({
        at: fc.nat(),
        length: fc.nat(200),
        insert: fc.constantFrom('', '\r\n', '\n', '--', '\0', '\xff', '"', 'Content-Type: multipart/mixed; boundary=x\r\n\r\n'),
      }),
      { minLength: 1, maxLength: 6 },
    ),
  });
  fc.assert(
    fc.property(damage, ({ index, cuts }) => {
      const { bytes } = small[index % small.length] as (typeof small)[number];
      let damaged = bytes;
      for (const { at, length, insert } of cuts) {
        const start = at % (damaged.length + 1);
        damaged = Buffer.concat([damaged.subarray(0, start), Buffer.from(insert, 'latin1'), damaged.subarray(start + length)]);
      }
      const prepared = prepare(parseMessage(damaged));
      checkImapData(prepared.envelope);
      checkImapData(prepared.bodyStructure);
      searchableText(decodeStructure(prepared.structure), damaged);
    }),
    { numRuns: 500 },
  );
});

test('every message is read as postal-mime and mailparser read it, or there is a reason', options, async () => {
  const found: string[] = [];
  for (const { name, bytes } of messages) {
    const ours = read(bytes);
    for (const oracle of [await readByPostalMime(bytes), await readByMailparser(bytes)]) {
      for (const field of ['subject', 'from', 'to', 'cc', 'sentAtMs', 'id'] as const) {
        const expected = oracle[field];
        if (expected !== undefined && JSON.stringify(expected) !== JSON.stringify(ours[field])) {
          found.push(`${name} ${oracle.name} ${field}`);
          if (!isExplained(name, oracle.name, field)) assert.deepEqual(ours[field], expected, `${name}: ${field} as ${oracle.name} reads it`);
        }
      }
      for (const text of oracle.texts) {
        if (ours.texts.some((own) => own.includes(text) || text.includes(own))) continue;
        found.push(`${name} ${oracle.name} text`);
        if (!isExplained(name, oracle.name, 'text')) assert.deepEqual(ours.texts, [text], `${name}: text as ${oracle.name} reads it`);
      }
      for (const file of oracle.files) {
        if (ours.files.includes(file)) continue;
        found.push(`${name} ${oracle.name} files`);
        if (!isExplained(name, oracle.name, 'files')) assert.deepEqual(ours.files, oracle.files, `${name}: files as ${oracle.name} reads them`);
      }
    }
  }
  const stale = DIFFERENCES.filter(
    ({ message, what }) => !found.some((entry) => entry.startsWith(`${message} `) && what.test(entry.slice(message.length + 1))),
  );
  assert.deepEqual(stale, []);
});

/** Where the oracles are wrong, or both readings can be defended. `what` matches `oracle field`. */
const DIFFERENCES: ReadonlyArray<{ readonly message: string; readonly what: RegExp; readonly because: string }> = [
  {
    message: 'ruby-mail/attachment_emails__attachment_with_encoded_name.eml',
    what: /^mailparser files$/,
    because: 'An octet that its charset does not have is shown as U+FFFD, not left out',
  },
  { message: 'ruby-mail/plain_emails__raw_email8.eml', what: /^mailparser files$/, because: 'The same' },
  {
    message: 'ruby-mail/error_emails__invalid_subject_characters.eml',
    what: / subject$/,
    because: 'Raw octets that are no UTF-8 are read as Windows-1252, which they are here',
  },
  {
    message: 'ruby-mail/plain_emails__raw_email_multiple_from.eml',
    what: / (?:from|to)$/,
    because: 'Two addresses without a comma between are two addresses; the oracles take one for the name of the other',
  },
  { message: 'ruby-mail/plain_emails__raw_email_with_at_display_name.eml', what: /^postal-mime from$/, because: 'postal-mime shows the first author only' },
  { message: 'ruby-mail/rfc2822__example10.eml', what: / (?:from|to|cc)$/, because: 'RFC 5322 §A.5: comments in comments, in domains and behind a group' },
  { message: 'ruby-mail/rfc2822__example11.eml', what: / to$/, because: 'RFC 5322 §A.6.1: a route, and white space around the dots of a domain' },
  { message: 'ruby-mail/rfc2822__example13.eml', what: / (?:from|id)$/, because: 'RFC 5322 §A.6.3: comments and white space inside addresses and ids' },
];

function isExplained(message: string, oracle: string, field: string): boolean {
  return DIFFERENCES.some((difference) => difference.message === message && difference.what.test(`${oracle} ${field}`));
}

interface Reading {
  readonly name: string;
  readonly subject: string | undefined;
  readonly from: readonly string[] | undefined;
  readonly to: readonly string[] | undefined;
  readonly cc: readonly string[] | undefined;
  readonly sentAtMs: number | undefined;
  readonly id: string | undefined;
  /** The beginnings of texts, white space collapsed. */
  readonly texts: readonly string[];
  /** `name octets` of what is not shown as text; octets without CR, because one oracle drops them. */
  readonly files: readonly string[];
}

function read(bytes: Buffer): Reading {
  const { header, root } = parseMessage(bytes);
  const mailboxes = (field: string): readonly string[] =>
    parseHeaderMailboxes(header.all(field).join(', ')).map(({ name, localPart, domain }) => person(name, domain === '' ? localPart : `${localPart}@${domain}`));
  const texts: string[] = [];
  const files: string[] = [];
  const visit = (part: Part, structure: StructurePart): void => {
    for (const [i, child] of part.children.entries()) visit(child, structure.children[i] as StructurePart);
    const { content } = part;
    if (part.kind === 'multipart') return;
    const name = decodeParameter(content.disposition?.parameters ?? [], 'filename') ?? decodeParameter(content.parameters, 'name');
    const raw = bytes.subarray(part.bodyStart, part.bodyEnd);
    if (content.type === 'text') texts.push(beginning(partText(structure, raw)));
    files.push(file(name, decodeTransfer(raw, structure.encoding)));
    if (content.type === 'text') files.push(file(name, Buffer.from(partText(structure, raw))));
  };
  visit(root, decodeStructure(encodeStructure(root)));
  return {
    name: 'capri',
    subject: collapsed(decodeWords(header.first('subject') ?? '')),
    from: mailboxes('from'),
    to: mailboxes('to'),
    cc: mailboxes('cc'),
    sentAtMs: parseDate(header.first('date') ?? ''),
    id: parseMessageId(header.first('message-id')) ?? '',
    texts,
    files,
  };
}

interface OracleAddress {
  readonly name?: string | undefined;
  readonly address?: string | undefined;
  readonly group?: readonly OracleAddress[] | undefined;
}

function people(list: readonly OracleAddress[] | undefined): readonly string[] {
  return (list ?? []).flatMap((entry) => (entry.group === undefined ? [person(entry.name, entry.address ?? '')] : people(entry.group)));
}

async function readByPostalMime(bytes: Buffer): Promise<Reading> {
  const mail = await PostalMime.parse(bytes);
  return {
    name: 'postal-mime',
    subject: collapsed(mail.subject ?? ''),
    from: people(mail.from === undefined ? [] : [mail.from]),
    to: people(mail.to),
    cc: people(mail.cc),
    sentAtMs: mail.date === undefined ? undefined : valid(Date.parse(mail.date)),
    id: (mail.messageId ?? '').replace(/[<>]/g, ''),
    texts: mail.text === undefined ? [] : [beginning(mail.text)],
    files: mail.attachments
      .filter((attachment) => !attachment.mimeType.startsWith('message/'))
      .map(({ filename, content }) =>
        file(
          filename ?? undefined,
          typeof content === 'string' ? Buffer.from(content) : Buffer.from(content instanceof Uint8Array ? content : new Uint8Array(content)),
        ),
      ),
  };
}

async function readByMailparser(bytes: Buffer): Promise<Reading> {
  const mail = await simpleParser(bytes, { skipHtmlToText: true, skipTextToHtml: true });
  const lists = (value: typeof mail.to): readonly OracleAddress[] => (value === undefined ? [] : [value].flat().flatMap((entry) => entry.value));
  return {
    name: 'mailparser',
    subject: collapsed(mail.subject ?? ''),
    from: people(lists(mail.from)),
    to: people(lists(mail.to)),
    cc: people(lists(mail.cc)),
    // It makes up the present time where it cannot read the field.
    sentAtMs: mail.date === undefined || mail.date.getTime() > Date.now() - 86_400_000 ? undefined : valid(mail.date.getTime()),
    id: (mail.messageId ?? '').replace(/[<>]/g, ''),
    texts: mail.text === undefined ? [] : [beginning(mail.text)],
    files: mail.attachments
      .filter(({ contentType }) => !contentType.startsWith('message/'))
      .map(({ filename, content }) => file(filename ?? undefined, content)),
  };
}

function valid(ms: number): number | undefined {
  return Number.isNaN(ms) ? undefined : ms;
}

/** Both oracles drop a name that only repeats the address. */
function person(name: string | undefined, address: string): string {
  const shown = collapsed(name ?? '');
  return shown === '' || shown === address ? `<${address}>` : `${shown} <${address}>`;
}

function collapsed(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

function beginning(text: string): string {
  return collapsed(text).slice(0, 100);
}

function file(name: string | undefined, content: Uint8Array): string {
  return `${collapsed(name ?? '')} ${Buffer.from(content).toString('latin1').replace(/\s+/g, '').length}`;
}

function corpus(): ReadonlyArray<{ readonly name: string; readonly bytes: Buffer }> {
  const folder = conformance('mime');
  if (folder === undefined) return [];
  return fs
    .readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(?:eml|msg|txt)$/.test(name))
    .toSorted()
    .map((name) => ({ name, bytes: withCrlf(fs.readFileSync(path.join(folder, name))) }));
}
