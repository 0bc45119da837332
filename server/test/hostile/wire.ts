/** A connection that keeps to no rule: it sends what it is told, when it is told, and looks at what has come back so far. */
import net from 'node:net';
import tls from 'node:tls';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestServer } from '../support/server.ts';

export const DOORS = ['smtp', 'submission', 'submissions', 'lmtp', 'imap', 'imaps', 'pop3', 'pop3s'] as const;
export type DoorName = (typeof DOORS)[number];
const IMPLICIT_TLS: ReadonlySet<DoorName> = new Set(['submissions', 'imaps', 'pop3s']);
const PATIENCE_MS = 20_000;

export class Wire implements Disposable {
  /** What the server has said and `take` has not taken, as Latin-1. */
  text: string = '';
  isClosed: boolean = false;
  #socket: net.Socket;
  #wake: (() => void) | undefined;

  private constructor(socket: net.Socket) {
    this.#socket = socket;
    this.#listen();
  }

  /** Connects to a door as its clients do; `isRaw` leaves TLS out where the door begins with it. */
  static async open(
    server: TestServer,
    door: DoorName,
    { isRaw = false, prefix = '' }: { readonly isRaw?: boolean; readonly prefix?: string } = {},
  ): Promise<Wire> {
    const raw = door === 'lmtp' ? net.connect(server.lmtpSocket) : net.connect({ host: '127.0.0.1', port: server.ports[door] });
    await new Promise<void>((resolve, reject) => {
      raw.once('connect', resolve);
      raw.once('error', reject);
    });
    if (prefix !== '') raw.write(prefix);
    const wire = new Wire(raw);
    if (IMPLICIT_TLS.has(door) && !isRaw) await wire.startTls();
    return wire;
  }

  send(octets: string | Uint8Array): void {
    if (!this.isClosed) this.#socket.write(typeof octets === 'string' ? Buffer.from(octets, 'latin1') : octets);
  }

  /** Sends a lot without holding it; resolves early when the server has had enough. */
  async flood(chunk: string | Uint8Array, times: number): Promise<void> {
    for (let count = 0; count < times && !this.isClosed; count++) {
      if (!this.#socket.write(chunk)) {
        await new Promise<void>((resolve) => {
          const done = (): void => {
            this.#socket.off('drain', done);
            this.#socket.off('close', done);
            resolve();
          };
          this.#socket.once('drain', done);
          this.#socket.once('close', done);
        });
      }
    }
  }

  /** No more will be sent. */
  end(): void {
    this.#socket.end();
  }

  /** Takes nothing more from the network: the server's replies pile up. */
  stopReading(): void {
    this.#socket.pause();
  }

  /** Waits until what came matches, and takes everything up to the end of the match. Throws when it does not come. */
  async take(pattern: RegExp, withinMs: number = PATIENCE_MS): Promise<string> {
    const untilMs = performance.now() + withinMs;
    for (;;) {
      const match = pattern.exec(this.text);
      if (match) {
        const end = match.index + match[0].length;
        const taken = this.text.slice(0, end);
        this.text = this.text.slice(end);
        return taken;
      }
      if (this.isClosed) throw new Error(`closed before ${pattern} came: ${JSON.stringify(this.text.slice(-500))}`);
      if (!(await this.#more(untilMs))) throw new Error(`${pattern} did not come: ${JSON.stringify(this.text.slice(-500))}`);
    }
  }

  /** Waits until the server has hung up; resolves with what it had said that was not taken. */
  async closed(withinMs: number = PATIENCE_MS): Promise<string> {
    const untilMs = performance.now() + withinMs;
    while (!this.isClosed) if (!(await this.#more(untilMs))) throw new Error(`still open: ${JSON.stringify(this.text.slice(-500))}`);
    return this.text;
  }

  async startTls(): Promise<void> {
    this.#socket.removeAllListeners();
    const secure = tls.connect({ socket: this.#socket, rejectUnauthorized: false });
    await new Promise<void>((resolve, reject) => {
      secure.once('secureConnect', resolve);
      secure.once('error', reject);
      secure.once('close', () => reject(new Error('closed during the handshake')));
    });
    this.#socket = secure;
    this.#listen();
  }

  close(): void {
    this.#socket.destroy();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #listen(): void {
    const socket = this.#socket;
    const lose = (): void => {
      this.isClosed = true;
      this.#wake?.();
    };
    socket.on('data', (chunk: Buffer) => {
      this.text += chunk.toString('latin1');
      this.#wake?.();
    });
    socket.on('error', lose);
    socket.on('close', lose);
    socket.on('end', lose);
  }

  async #more(untilMs: number): Promise<boolean> {
    const leftMs = untilMs - performance.now();
    if (leftMs <= 0) return false;
    const timer = new AbortController();
    await Promise.race([
      new Promise<void>((resolve) => {
        this.#wake = resolve;
      }),
      sleep(leftMs, undefined, { signal: timer.signal, ref: true }).catch(() => undefined),
    ]);
    timer.abort();
    return true;
  }
}

/** Reads the greeting and says hello where the door wants it, so that the next thing said is a command. */
export async function greeted(wire: Wire, door: DoorName): Promise<Wire> {
  await wire.take(/^(?:220 |\* OK |\+OK ).*\r\n/m);
  if (door === 'smtp' || door.startsWith('submission')) {
    wire.send('EHLO client.example\r\n');
    await wire.take(/^250 .*\r\n/m);
  } else if (door === 'lmtp') {
    wire.send('LHLO client.example\r\n');
    await wire.take(/^250 .*\r\n/m);
  }
  return wire;
}

/** Connects to a door with TLS from the first byte and signs in. */
export async function signedIn(server: TestServer, door: 'imaps' | 'pop3s' | 'submissions', login: string): Promise<Wire> {
  const wire = await greeted(await Wire.open(server, door), door);
  if (door === 'imaps') {
    wire.send(`in LOGIN ${login} ${server.password}\r\n`);
    await wire.take(/^in OK .*\r\n/m);
  } else if (door === 'pop3s') {
    wire.send(`USER ${login}\r\nPASS ${server.password}\r\n`);
    await wire.take(/^\+OK .*\r\n\+OK .*\r\n/m);
  } else {
    wire.send(`AUTH PLAIN ${Buffer.from(`\0${login}\0${server.password}`).toString('base64')}\r\n`);
    await wire.take(/^235 .*\r\n/m);
  }
  return wire;
}
