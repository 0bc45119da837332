/**
 * A client's connection as a door sees it: bounded reading, buffered writing, TLS. Doors are written against this and never touch a socket.
 * A door is a function `(connection: Connection) => Promise<void>`; when it returns or throws, the listener closes the connection. It never needs to
 * catch NetError: the listener knows that one as the ordinary end of a conversation.
 */
import type { Socket } from 'node:net';

/** IANA service names: the keys of `[listeners]` in capri.toml. */
export type ListenerName = 'smtp' | 'submission' | 'submissions' | 'lmtp' | 'imap' | 'imaps' | 'pop3' | 'pop3s' | 'sieve' | 'http' | 'https';

/** Why a conversation ended or a read failed. */
export type NetErrorCode = 'closed' | 'timeout' | 'line-too-long' | 'bare-newline' | 'tls-failed' | 'aborted';

export class NetError extends Error {
  readonly code: NetErrorCode;

  constructor(code: NetErrorCode, message: string = code, options?: ErrorOptions) {
    // Every conversation ends with one of these: a stack, which nobody reads, would cost more than the rest of the goodbye.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message, options);
    Error.stackTraceLimit = stackTraceLimit;
    this.name = 'NetError';
    this.code = code;
  }
}

export interface TlsFacts {
  /** `TLSv1.2` or `TLSv1.3`. */
  readonly version: string;
  readonly cipher: string;
  readonly serverName: string | undefined;
  /** Channel binding data (RFC 9266 tls-exporter on 1.3, RFC 5929 tls-server-end-point always), made when asked for. */
  channelBinding(type: 'tls-exporter' | 'tls-server-end-point'): Buffer | undefined;
}

export interface Connection {
  /** Short and unique on this server while it runs: names the session in logs and Received fields. */
  readonly id: string;
  readonly listener: ListenerName;
  /** Addresses in canonical text form, IPv4-mapped ones as IPv4; from the PROXY header where one was allowed. `local socket` has the address 'local'. */
  readonly remote: { readonly address: string; readonly port: number };
  readonly local: { readonly address: string; readonly port: number };
  /** Undefined while the line is plain. */
  readonly tls: TlsFacts | undefined;
  readonly reader: Reader;
  readonly writer: Writer;
  /** Aborts when the connection is gone or the server stops. */
  readonly signal: AbortSignal;
  /** True from the moment the server begins to stop: finish the command, say goodbye (421, BYE, -ERR), return. `signal` aborts a few seconds later. */
  readonly isClosing: boolean;
  /** Called once when the server begins to stop, so that an idle session can say goodbye. */
  onClosing(listener: () => void): Disposable;
  /**
   * Turns the plain line into TLS: call after the go-ahead was written. Flushes it first. Throws `tls-failed`; the caller must have refused already if
   * `reader.bufferedBytes > 0` (commands smuggled in behind STARTTLS must never run).
   */
  startTls(): Promise<void>;
  /**
   * Hands the socket to a server of another kind (HTTP), with what has come and was not read. Reader and writer are of no use afterwards; the connection is counted
   * until the socket is closed, and ended with the listener.
   */
  release(): Socket;
}

export interface Reader {
  /** Milliseconds that one read may wait for its first byte; 0 waits for ever. Starts at the listener's setting. */
  timeoutMs: number;
  /** Milliseconds that one line or one literal may take from its first byte to its last, so that a byte a minute does not hold a session for ever. */
  unitTimeoutMs: number;
  /** Octets that have arrived and were not read. */
  readonly bufferedBytes: number;
  /**
   * The next line without its CRLF. A bare LF ends a line too, unless `strict`, which throws `bare-newline` for a CR without LF or an LF without CR (the rest of that line is consumed).
   * Throws `line-too-long` when more than `limitBytes` came before the line's end; that line is then consumed and dropped up to its end within a bound, so that the door
   * can answer with one error and go on. The bytes may be overwritten by the next read: copy what is kept.
   */
  readLine(limitBytes: number, options?: { readonly strict?: boolean }): Promise<Buffer>;
  /** The next line if it has arrived whole, without waiting; undefined otherwise. Same errors. For loops over pipelined commands. */
  readLineNow(limitBytes: number, options?: { readonly strict?: boolean }): Buffer | undefined;
  /** Exactly `length` octets in one piece (a short literal); the memory belongs to the caller. */
  readExactly(length: number): Promise<Buffer>;
  /** Between 1 and `maxBytes` octets as they come (a long literal, DATA); the memory belongs to the caller until the next read. */
  readSome(maxBytes: number): Promise<Buffer>;
  /** Puts octets back in front: what DATA's end left over. */
  unread(bytes: Uint8Array): void;
}

export interface Writer {
  /** Queues bytes, or a string in Latin-1 (ASCII in practice); sent together at the end of this turn of the event loop, or at 64 KiB. Never throws. The bytes must not change afterwards. */
  write(chunk: Uint8Array | string): void;
  /** Sends what is queued and resolves when the client has taken enough for more to be written (back-pressure). Throws NetError `closed`, or `timeout` when the client reads nothing for `timeoutMs`. */
  flush(): Promise<void>;
  /** Octets queued here and in the socket: above 256 KiB a long reply should await `flush`. */
  readonly pendingBytes: number;
  timeoutMs: number;
}
