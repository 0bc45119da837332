/** What a server said to EHLO. RFC 5321 §4.1.1.1 · RFC 1870 (SIZE) · RFC 2852 (DELIVERBY) · RFC 4954 (AUTH) · RFC 6710 (MT-PRIORITY) · RFC 3030 (CHUNKING) · RFC 8689 (REQUIRETLS) · RFC 9422 (LIMITS) */
import type { Reply } from './reply.ts';

export interface PeerCapabilities {
  readonly startTls: boolean;
  readonly pipelining: boolean;
  readonly eightBitMime: boolean;
  readonly smtpUtf8: boolean;
  readonly dsn: boolean;
  readonly chunking: boolean;
  readonly requireTls: boolean;
  /** Recipients of one message, and messages of one session; undefined: no limit told. */
  readonly recipientLimit: number | undefined;
  readonly messageLimit: number | undefined;
  /** DELIVERBY: the least time in seconds that the server promises anything about (0: it says none); undefined: it does not know DELIVERBY. */
  readonly deliverBySeconds: number | undefined;
  readonly mtPriority: boolean;
  /** Undefined: no SIZE; 0: no limit told. */
  readonly sizeLimit: number | undefined;
  /** Upper case. */
  readonly auth: ReadonlySet<string>;
}

/** Reads the reply to EHLO; that to HELO gives a server without any extension. */
export function readCapabilities(reply: Reply): PeerCapabilities {
  const words = new Map<string, readonly string[]>();
  for (const line of reply.lines.slice(1)) {
    // Old servers write AUTH=PLAIN.
    const [keyword = '', ...parameters] = line
      .trim()
      .toUpperCase()
      .replace(/^AUTH=/, 'AUTH ')
      .split(/ +/);
    words.set(keyword, [...(words.get(keyword) ?? []), ...parameters]);
  }
  const size = words.get('SIZE');
  const deliverBy = words.get('DELIVERBY');
  return {
    startTls: words.has('STARTTLS'),
    pipelining: words.has('PIPELINING'),
    eightBitMime: words.has('8BITMIME'),
    smtpUtf8: words.has('SMTPUTF8'),
    dsn: words.has('DSN'),
    chunking: words.has('CHUNKING'),
    requireTls: words.has('REQUIRETLS'),
    recipientLimit: limitOf(words.get('LIMITS'), 'RCPTMAX'),
    messageLimit: limitOf(words.get('LIMITS'), 'MAILMAX'),
    // RFC 2852 §2: more options may follow, behind commas.
    deliverBySeconds: deliverBy === undefined ? undefined : Number(/^\d{1,9}(?=,|$)/.exec(deliverBy[0] ?? '')?.[0] ?? 0),
    mtPriority: words.has('MT-PRIORITY'),
    sizeLimit: size === undefined ? undefined : /^\d{1,15}$/.test(size[0] ?? '') ? Number(size[0]) : 0,
    auth: new Set(words.get('AUTH') ?? []),
  };
}

/** `LIMITS MAILMAX=100 RCPTMAX=50`. Zero would make the server useless and is taken for a mistake. */
function limitOf(words: readonly string[] | undefined, name: string): number | undefined {
  const value = words?.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1) ?? '';
  return /^[1-9]\d{0,5}$/.test(value) ? Number(value) : undefined;
}
