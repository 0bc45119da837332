/**
 * The streaming parser: takes a message in pieces of any size, keeps almost nothing of it, and yields the tree of parts.
 *
 * RFC 5322 §2.1 · RFC 2046 §5.1 (multipart), §5.2.1 (message/rfc822) · RFC 6532 (message/global)
 *
 * It takes any octets and never throws. Its time is linear in the message: only lines that begin with `--` are compared with boundaries, through one look-up
 * in a map of those that are open. Its memory is bounded by `ParserLimits`, one header block and two text samples.
 *
 * Decisions where the RFCs leave it open, or mail breaks them:
 * - The header ends at the first empty line, or at a boundary; lines in it that are no fields are ignored.
 * - A boundary line is `--boundary` or `--boundary--` and white space, nothing else (RFC 2046 §5.1.1 `delimiter`); the innermost open multipart comes first.
 * - A multipart without a boundary parameter, or in which its boundary never comes, is shown as plain text, so that the reader can see what is there.
 * - A message part whose content is transfer-encoded cannot be looked into by ranges: it is a leaf.
 * - LF alone ends a line too (messages that were appended by programs); CR alone does not.
 */
import { asBuffer } from '#core/bytes.ts';
import { BOUNDARY_LIMIT, Boundaries, type BoundaryLine, UNDECIDED } from './boundaries.ts';
import { contentOf, defaultContent } from './content.ts';
import { imapEnvelope } from './envelope.ts';
import { Header } from './header.ts';
import { HeaderCollector } from './header-collector.ts';
import { trimOctets } from './octets.ts';
import { findParameter } from './parameters.ts';
import { type Content, DEFAULT_LIMITS, type ParsedMessage, type ParserLimits, type Part } from './part.ts';
import { SampleCollector } from './text-sample.ts';

const LF = 0x0a;
const CR = 0x0d;
const DASH = 0x2d;
const NEWLINE_DASHES = Buffer.from('\n--');
const EMPTY = Buffer.alloc(0);

/** A part while it is being read. */
interface OpenPart {
  kind: Part['kind'];
  readonly headerStart: number;
  bodyStart: number;
  bodyEnd: number;
  lines: number;
  content: Content;
  readonly children: OpenPart[];
  envelope: Uint8Array | undefined;
}

interface Frame {
  readonly part: OpenPart;
  /** The boundary of a multipart while its delimiters are looked for. */
  boundary: string | undefined;
  /** The line counter when the body began. */
  linesBefore: number;
}

const IN_HEADER = 0;
const IN_BODY = 1;

/** Parses a whole message at once: the fast path, and by construction the same result as in pieces. */
export function parseMessage(bytes: Uint8Array, limits: ParserLimits = DEFAULT_LIMITS): ParsedMessage {
  const parser = new MessageParser(limits);
  parser.write(bytes);
  return parser.end();
}

export class MessageParser {
  readonly #limits: ParserLimits;
  readonly #stack: Frame[] = [];
  readonly #root: Frame;
  /** By their place in the stack. */
  readonly #boundaries = new Boundaries();
  readonly #samples = new SampleCollector();
  #rootHeader: Header | undefined;
  #state: typeof IN_HEADER | typeof IN_BODY = IN_HEADER;
  #partCount = 1;
  #detailBytes = 0;
  /** Message frames on the stack below the root: their lines count everything inside. */
  #openMessages = 0;
  #isCountingLines = false;
  #lineCount = 0;

  /** Octets taken so far without `#carry`: the position of the next octet to look at. */
  #position = 0;
  /** The beginning of a line about which nothing can be said yet. */
  #carry: Buffer = EMPTY;
  #isLineStart = true;
  /** Octets of the line end before a line start, and whether the last octet was a CR: across pieces. */
  #lineEndBytes = 0;
  #lastWasCr = false;
  readonly #header: HeaderCollector;

  constructor(limits: ParserLimits = DEFAULT_LIMITS) {
    this.#limits = limits;
    this.#header = new HeaderCollector(limits.headerBytes);
    this.#root = this.#push(undefined, 0);
  }

  /** Takes the next octets; keeps no reference to them. */
  write(chunk: Uint8Array): void {
    const data = this.#carry.length > 0 ? Buffer.concat([this.#carry, chunk]) : asBuffer(chunk);
    this.#carry = EMPTY;
    this.#take(data, false);
  }

  /** Ends the message. The parser must not be used afterwards. */
  end(): ParsedMessage {
    const rest = this.#carry;
    this.#carry = EMPTY;
    this.#take(rest, true);
    const size = this.#position;
    if (this.#state === IN_HEADER) this.#endHeader(EMPTY, 0, 0, size, false);
    while (this.#stack.length > 0) this.#close(size, 0);
    return {
      sizeBytes: size,
      header: this.#rootHeader ?? new Header(EMPTY),
      root: this.#root.part,
      plainSample: this.#samples.plain(),
      htmlSample: this.#samples.html(),
    };
  }

  /** Moves through `data`, whose first octet stands at #position, and leaves an undecided line start in #carry. */
  #take(data: Buffer, isLast: boolean): void {
    const base = this.#position;
    let at = 0;
    while (at < data.length) {
      const next = this.#state === IN_HEADER ? this.#inHeader(data, base, at, isLast) : this.#inBody(data, base, at, isLast);
      if (next < 0) {
        // An undecided line start: -1 - position.
        at = -1 - next;
        this.#carry = Buffer.from(data.subarray(at));
        break;
      }
      at = next;
    }
    this.#position = base + at;
  }

  /** From `start` to the end of the header or of the data; collects the header's octets when it goes on in the next piece. */
  #inHeader(data: Buffer, base: number, start: number, isLast: boolean): number {
    let at = start;
    const hasBoundaries = !this.#boundaries.isEmpty;
    for (;;) {
      if (this.#isLineStart) {
        const first = data[at] as number;
        if (first === LF || first === CR) {
          if (first === CR && at + 1 === data.length && !isLast) return this.#pause(data, start, at);
          const isEmptyLine = first === LF || data[at + 1] === LF;
          if (isEmptyLine) {
            const end = at + (first === LF ? 1 : 2);
            if (this.#isCountingLines) this.#lineCount++;
            this.#lineEndBytes = end - at;
            this.#endHeader(data, start, end, base + end, true);
            return end;
          }
        } else if (first === DASH && hasBoundaries) {
          const found = this.#boundaryAt(data, at, isLast);
          if (found === UNDECIDED) return this.#pause(data, start, at);
          if (found !== undefined) {
            // The line end before the boundary is the boundary's, here too.
            this.#endHeader(data, start, at, Math.max(this.#headerStart(), base + at - this.#lineEndBytes), false);
            this.#boundary(found, base + at, base + at + found.lineBytes);
            return at + found.lineBytes;
          }
        }
        this.#isLineStart = false;
      }
      const lf = data.indexOf(LF, at);
      if (lf < 0) {
        this.#header.add(data, start, data.length);
        this.#lastWasCr = data[data.length - 1] === CR;
        return data.length;
      }
      if (this.#isCountingLines) this.#lineCount++;
      this.#lineEndBytes = (lf > 0 ? data[lf - 1] === CR : this.#lastWasCr) ? 2 : 1;
      this.#isLineStart = true;
      at = lf + 1;
      if (at === data.length) {
        this.#header.add(data, start, at);
        return at;
      }
    }
  }

  #headerStart(): number {
    return (this.#stack[this.#stack.length - 1] as Frame).part.headerStart;
  }

  #pause(data: Buffer, start: number, at: number): number {
    this.#header.add(data, start, at);
    return -1 - at;
  }

  /** From `start` to the next boundary line or the end of the data. */
  #inBody(data: Buffer, base: number, start: number, isLast: boolean): number {
    if (this.#boundaries.isEmpty) {
      if (this.#isCountingLines) this.#lineCount += countLines(data, start, data.length);
      this.#samples.add(data, start, data.length);
      return data.length;
    }
    let at = start;
    let isLineStart = this.#isLineStart;
    while (at < data.length) {
      if (isLineStart && data[at] === DASH) {
        const found = this.#boundaryAt(data, at, isLast);
        if (found !== undefined) {
          this.#samples.add(data, start, at);
          if (at > start) this.#lineEndBytes = at > 1 ? (data[at - 2] === CR ? 2 : 1) : this.#lastWasCr ? 2 : 1;
          this.#isLineStart = true;
          if (found === UNDECIDED) return -1 - at;
          this.#boundary(found, base + at, base + at + found.lineBytes);
          return at + found.lineBytes;
        }
      }
      isLineStart = false;
      if (!this.#isCountingLines) {
        const dashes = data.indexOf(NEWLINE_DASHES, at);
        if (dashes >= 0) {
          at = dashes + 1;
          isLineStart = true;
          continue;
        }
        // The end of the data may hold the beginning of a boundary line.
        const last = data.length - 1;
        if (data[last] === DASH && last > at && data[last - 1] === LF) {
          at = last;
          isLineStart = true;
          continue;
        }
        isLineStart = data[last] === LF;
        at = data.length;
        break;
      }
      // The same, counting lines.
      let lines = 0;
      const length = data.length;
      while (at < length) {
        if (data[at++] !== LF) continue;
        lines++;
        if (at === length || data[at] === DASH) {
          isLineStart = true;
          break;
        }
      }
      this.#lineCount += lines;
    }
    this.#samples.add(data, start, data.length);
    const last = data.length - 1;
    if (isLineStart && last >= start) this.#lineEndBytes = (last > 0 ? data[last - 1] === CR : this.#lastWasCr) ? 2 : 1;
    this.#isLineStart = isLineStart;
    this.#lastWasCr = data[last] === CR;
    return data.length;
  }

  /** A boundary that counts here: beyond the limit of parts, what follows belongs to the part before. */
  #boundaryAt(data: Buffer, at: number, isLast: boolean): BoundaryLine | typeof UNDECIDED | undefined {
    const found = this.#boundaries.lineAt(data, at, isLast);
    return found === undefined || found === UNDECIDED || found.isClose || this.#partCount < this.#limits.parts ? found : undefined;
  }

  /** A boundary line [lineStart, lineEnd) of the multipart at `found.place`: ends all that is open in it. */
  #boundary(found: BoundaryLine, lineStart: number, lineEnd: number): void {
    while (this.#stack.length > found.place + 1) this.#close(lineStart, this.#lineEndBytes);
    const frame = this.#stack[found.place] as Frame;
    if (this.#isCountingLines && found.lineEndBytes > 0) this.#lineCount++;
    this.#isLineStart = true;
    this.#lineEndBytes = found.lineEndBytes;
    if (found.isClose) {
      this.#forgetBoundary(frame);
      this.#state = IN_BODY;
      // One that ends before its first part will be shown as text, with its lines.
      this.#isCountingLines = this.#openMessages > 0 || frame.part.children.length === 0;
      return;
    }
    this.#push(frame, lineEnd);
    this.#isCountingLines = this.#openMessages > 0;
  }

  /** Begins a part at its header. */
  #push(parent: Frame | undefined, headerStart: number): Frame {
    const part: OpenPart = {
      kind: 'leaf',
      headerStart,
      bodyStart: headerStart,
      bodyEnd: headerStart,
      lines: 0,
      content: defaultContent(false),
      children: [],
      envelope: undefined,
    };
    const frame = { part, boundary: undefined, linesBefore: 0 };
    if (parent !== undefined) {
      parent.part.children.push(part);
      this.#partCount++;
    }
    this.#stack.push(frame);
    this.#state = IN_HEADER;
    this.#isLineStart = true;
    return frame;
  }

  /** The header of the innermost part is whole: its last octets are data [start, end). */
  #endHeader(data: Buffer, start: number, end: number, bodyStart: number, hasEmptyLine: boolean): void {
    const frame = this.#stack[this.#stack.length - 1] as Frame;
    const parent = this.#stack[this.#stack.length - 2];
    const { part } = frame;
    const header = new Header(this.#header.take(data, start, end));
    const isRoot = parent === undefined;
    const isInDigest = parent !== undefined && parent.part.kind === 'multipart' && parent.part.content.subtype === 'digest';
    if (isRoot) this.#rootHeader = header;
    part.bodyStart = bodyStart;
    part.bodyEnd = bodyStart;
    part.content = this.#withinBudget(contentOf(header, isInDigest), isInDigest);
    if (parent?.part.kind === 'message') {
      part.envelope = imapEnvelope(this.#detailBytes < this.#limits.detailBytes ? header : NOTHING);
      this.#detailBytes += part.envelope.length;
    }
    this.#state = IN_BODY;
    frame.linesBefore = this.#lineCount;
    const mayNest = hasEmptyLine && this.#stack.length < this.#limits.depth;
    const { type } = part.content;
    if (type === 'multipart' && mayNest) this.#beginMultipart(frame);
    else if (type === 'message' && mayNest && isMessage(part.content) && this.#partCount < this.#limits.parts) {
      part.kind = 'message';
      this.#openMessages++;
      this.#isCountingLines = true;
      this.#push(frame, bodyStart);
      return;
    }
    this.#isCountingLines = this.#openMessages > 0 || type === 'text' || type === 'multipart';
    if (type === 'text') this.#samples.begin(part, this.#openMessages > 0);
    this.#isLineStart = true;
  }

  #beginMultipart(frame: Frame): void {
    const value = findParameter(frame.part.content.parameters, 'boundary')?.value ?? '';
    const boundary = value.length > BOUNDARY_LIMIT ? '' : trimOctets(`|${value}`).slice(1);
    if (boundary === '') return;
    frame.part.kind = 'multipart';
    frame.boundary = boundary;
    this.#boundaries.open(boundary, this.#stack.length - 1);
  }

  /** Ends the innermost part: its body ends `lineEndBytes` before `at`. */
  #close(at: number, lineEndBytes: number): void {
    const frame = this.#stack.pop() as Frame;
    const { part } = frame;
    const end = at - lineEndBytes;
    // An empty line that ends a header directly before the boundary stays with that header, so the parts around it reach as far.
    part.bodyEnd = Math.max(part.bodyStart, end, part.children.at(-1)?.bodyEnd ?? 0);
    const hasLines = part.content.type === 'text' || part.kind === 'message' || part.content.type === 'multipart';
    if (hasLines) part.lines = Math.max(0, this.#lineCount - frame.linesBefore - (lineEndBytes > 0 && end === part.bodyEnd ? 1 : 0));
    if (part.kind === 'message') this.#openMessages--;
    this.#forgetBoundary(frame);
    this.#samples.end(part);
    if (part.content.type !== 'multipart') return;
    if (part.kind === 'multipart' && part.children.length > 0) {
      part.lines = 0;
      return;
    }
    // Nothing in it could be told apart: shown as the plain text it is (RFC 2045 §5.2), so that it can be read.
    const isTooDeep = this.#stack.length >= this.#limits.depth - 1;
    part.kind = 'leaf';
    part.content = { ...part.content, type: isTooDeep ? 'application' : 'text', subtype: isTooDeep ? 'octet-stream' : 'plain', parameters: [] };
    if (isTooDeep) part.lines = 0;
  }

  #forgetBoundary(frame: Frame): void {
    if (frame.boundary === undefined) return;
    this.#boundaries.close(frame.boundary);
    frame.boundary = undefined;
  }

  /** Parts beyond the budget lose their details, not their place. */
  #withinBudget(content: Content, isInDigest: boolean): Content {
    const budget = this.#limits.detailBytes;
    if (this.#detailBytes >= budget) {
      const boundary = findParameter(content.parameters, 'boundary');
      return {
        ...defaultContent(isInDigest),
        type: content.type,
        subtype: content.subtype,
        encoding: content.encoding,
        parameters: boundary === undefined ? [] : [boundary],
      };
    }
    this.#detailBytes += detailBytes(content);
    return content;
  }
}

const NOTHING = new Header(EMPTY);

function isMessage(content: Content): boolean {
  if (content.subtype !== 'rfc822' && content.subtype !== 'global') return false;
  return content.encoding === '7bit' || content.encoding === '8bit' || content.encoding === 'binary';
}

function detailBytes(content: Content): number {
  let bytes = content.type.length + content.subtype.length + (content.id?.length ?? 0) + (content.description?.length ?? 0) + (content.md5?.length ?? 0);
  bytes += content.location?.length ?? 0;
  for (const { name, value } of content.parameters) bytes += name.length + value.length;
  for (const { name, value } of content.disposition?.parameters ?? []) bytes += name.length + value.length;
  return bytes;
}

function countLines(data: Buffer, start: number, end: number): number {
  let lines = 0;
  for (let at = start; at < end; at++) if (data[at] === LF) lines++;
  return lines;
}
