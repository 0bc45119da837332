/**
 * Replies of another server: read within bounds, whatever it sends.
 *
 * RFC 5321 §4.2 (form; only the code counts) · RFC 3463, RFC 2034 (enhanced codes)
 */
import { NetError, type Reader } from '#net/connection.ts';

/** Twice what RFC 5321 §4.5.3.1.5 allows. */
const LINE_LIMIT = 1024;
const MOST_LINES = 100;
/** Octets of text that are kept. */
const KEPT_TEXT = 1000;

export interface Reply {
  readonly code: number;
  /** From the first line that has one; undefined when none has. */
  readonly enhanced: string | undefined;
  readonly lines: readonly string[];
}

/** Reads one reply, which must be there within `timeoutMs`, however many lines it has. Throws NetError (`closed`, also for what is no reply; `timeout`; `line-too-long`). */
export async function readReply(reader: Reader, timeoutMs: number): Promise<Reply> {
  const deadline = performance.now() + timeoutMs;
  const lines: string[] = [];
  let code = 0;
  for (;;) {
    reader.timeoutMs = Math.max(1, deadline - performance.now());
    reader.unitTimeoutMs = reader.timeoutMs;
    const line = reader.readLineNow(LINE_LIMIT) ?? (await reader.readLine(LINE_LIMIT));
    const digits = codeOf(line);
    const separator = line[3];
    if (digits === 0 || (separator !== undefined && separator !== 0x20 && separator !== 0x2d))
      throw new NetError('closed', 'the server sent something that is no reply');
    // The last line's code counts where they differ (RFC 5321 §4.2.1 forbids it).
    code = digits;
    if (lines.length < MOST_LINES) lines.push(line.toString('utf8', 4));
    else if (separator === 0x2d) throw new NetError('closed', 'the server sent a reply without an end');
    if (separator !== 0x2d) break;
  }
  return { code, enhanced: enhancedOf(code, lines), lines };
}

/** `550 5.1.1 no such user`: for logs, rows and notices. */
export function replyText(reply: Reply): string {
  return `${reply.code} ${reply.lines.join(' ')}`
    .replace(/[\p{Cc}\p{Cf}]+/gu, ' ')
    .trim()
    .slice(0, KEPT_TEXT);
}

/** The enhanced status of a reply, made from its class where it has none (RFC 3463 §2). */
export function statusOf(reply: Reply): string {
  return reply.enhanced ?? `${Math.floor(reply.code / 100)}.0.0`;
}

export function isPositive(reply: Reply): boolean {
  return reply.code >= 200 && reply.code < 300;
}

function codeOf(line: Uint8Array): number {
  const [a = 0, b = 0, c = 0] = line;
  const isCode = a >= 0x32 && a <= 0x35 && b >= 0x30 && b <= 0x39 && c >= 0x30 && c <= 0x39;
  return isCode ? (a - 0x30) * 100 + (b - 0x30) * 10 + (c - 0x30) : 0;
}

const ENHANCED = /^([245])\.(\d{1,3})\.(\d{1,3})(?: |$)/;

function enhancedOf(code: number, lines: readonly string[]): string | undefined {
  for (const line of lines) {
    const match = ENHANCED.exec(line);
    // Its class must be that of the code, or one of them is wrong.
    if (match && Number(match[1]) === Math.floor(code / 100)) return `${match[1]}.${match[2]}.${match[3]}`;
  }
  return undefined;
}
