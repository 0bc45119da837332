/** Runs a door on an ephemeral loopback port, with a certificate, for the tests of all doors; and a small client that speaks lines. */
import { connect as connectPlain, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { issueCertificate, makeAuthority } from '#net/dev-certificate.ts';
import { type Door, type Listener, type ListenerOptions, openListener } from '#net/listener.ts';
import { TlsContexts } from '#net/tls-context.ts';
import { MemoryLog } from './log.ts';

const authority = makeAuthority('Capri test', Date.now());
const issued = issueCertificate(authority, ['localhost', '127.0.0.1', '::1', 'mail.example.test'], { nowMs: Date.now() });

/** The authority's certificate, PEM: `ca` of a TLS client. */
export const testCa: string = authority.certificate;

/** A certificate for `localhost`, `127.0.0.1`, `::1` and `mail.example.test`. */
export function testTls(): TlsContexts {
  return new TlsContexts([{ source: 'test', ...issued }]);
}

export interface ServedDoor extends AsyncDisposable {
  readonly port: number;
  readonly ca: string;
  readonly listener: Listener;
  readonly log: MemoryLog;
  close(): Promise<void>;
}

/** Opens a listener on 127.0.0.1 that runs `door`; `connect` and `LineClient` talk to it. */
export async function serveDoor(door: Door, options: Partial<ListenerOptions> = {}): Promise<ServedDoor> {
  const log = new MemoryLog();
  const listener = await openListener({ name: 'imap', address: '127.0.0.1', port: 0, implicitTls: false, tls: testTls(), log, ...options, door });
  const close = (): Promise<void> => listener.close(200);
  return { port: listener.port, ca: testCa, listener, log, close, [Symbol.asyncDispose]: close };
}

/** A client that reads lines; anything unexpected rejects. */
export class LineClient implements Disposable {
  #socket: Socket | TLSSocket;
  #buffer = '';
  #isEnded = false;
  #wake: (() => void) | undefined;

  constructor(socket: Socket | TLSSocket) {
    this.#socket = socket;
    this.#attach();
  }

  static async plain(port: number): Promise<LineClient> {
    const socket = connectPlain({ port, host: '127.0.0.1', noDelay: true });
    const client = new LineClient(socket);
    await once(socket, 'connect');
    return client;
  }

  static async tls(port: number, options: ConnectionOptions = {}): Promise<LineClient> {
    const socket = connectTls({ port, host: '127.0.0.1', servername: 'localhost', ca: testCa, ...options });
    const client = new LineClient(socket);
    await once(socket, 'secureConnect');
    return client;
  }

  get socket(): Socket | TLSSocket {
    return this.#socket;
  }

  send(text: string): void {
    this.#socket.write(text, 'latin1');
  }

  sendBytes(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** The next line without CRLF, Latin-1. Throws when the server has closed. */
  async line(): Promise<string> {
    for (;;) {
      const end = this.#buffer.indexOf('\r\n');
      if (end >= 0) {
        const line = this.#buffer.slice(0, end);
        this.#buffer = this.#buffer.slice(end + 2);
        return line;
      }
      await this.#more();
    }
  }

  /** Lines up to and including the first for which `isLast` holds. */
  async linesUntil(isLast: (line: string) => boolean): Promise<string[]> {
    const lines: string[] = [];
    for (;;) {
      const line = await this.line();
      lines.push(line);
      if (isLast(line)) return lines;
    }
  }

  async octets(length: number): Promise<string> {
    while (this.#buffer.length < length) await this.#more();
    const text = this.#buffer.slice(0, length);
    this.#buffer = this.#buffer.slice(length);
    return text;
  }

  /** Everything up to the server's closing. */
  async rest(): Promise<string> {
    while (!this.#isEnded) await this.#wait();
    return this.#buffer;
  }

  /** The client's side of STARTTLS, after the go-ahead. */
  async startTls(options: ConnectionOptions = {}): Promise<void> {
    this.#socket.removeAllListeners('data');
    this.#socket.removeAllListeners('close');
    const secure = connectTls({ socket: this.#socket, servername: 'localhost', ca: testCa, ...options });
    this.#socket = secure;
    this.#attach();
    await once(secure, 'secureConnect');
  }

  /** Closes the sending side only. */
  end(): void {
    this.#socket.end();
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  async #more(): Promise<void> {
    if (this.#isEnded) throw new Error(`the server closed the connection; unread: ${JSON.stringify(this.#buffer)}`);
    await this.#wait();
  }

  #wait(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #attach(): void {
    this.#socket.on('data', (chunk: Buffer) => {
      this.#buffer += chunk.toString('latin1');
      this.#wake?.();
    });
    this.#socket.on('error', () => this.#wake?.());
    this.#socket.on('close', () => {
      this.#isEnded = true;
      this.#wake?.();
    });
    this.#socket.on('end', () => {
      this.#isEnded = true;
      this.#wake?.();
    });
  }
}

function once(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once(event, () => {
      resolve();
    });
    socket.once('error', reject);
  });
}
