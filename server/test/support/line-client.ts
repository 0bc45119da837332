/**
 * The smallest client that can speak SMTP, IMAP or POP3: lines and counted octets over TLS, one reader at a time. It knows no protocol beyond that, so
 * that a test sees exactly what the server says. When the server dies, every pending call rejects with ConnectionLost.
 */
import net from 'node:net';
import tls from 'node:tls';

export class ConnectionLost extends Error {
  constructor(cause?: unknown) {
    super('connection lost', { cause });
    this.name = 'ConnectionLost';
  }
}

export class LineClient {
  #socket: net.Socket;
  #chunks: Buffer = Buffer.alloc(0);
  #lost: ConnectionLost | undefined;
  #wake: (() => void) | undefined;

  private constructor(socket: net.Socket) {
    this.#socket = socket;
    this.#listen();
  }

  /** Connects to loopback, with TLS from the start where asked (the certificate is not checked: the tests make their own). */
  static async connect(port: number, options: { readonly tls: boolean }): Promise<LineClient> {
    const socket = options.tls ? tls.connect({ host: '127.0.0.1', port, rejectUnauthorized: false }) : net.connect({ host: '127.0.0.1', port });
    await new Promise<void>((resolve, reject) => {
      socket.once(options.tls ? 'secureConnect' : 'connect', () => resolve());
      socket.once('error', (error) => reject(new ConnectionLost(error)));
    });
    socket.setNoDelay(true);
    return new LineClient(socket);
  }

  send(text: string | Uint8Array): void {
    if (!this.#lost) this.#socket.write(text);
  }

  /** The next line without its CRLF, as Latin-1. */
  async line(): Promise<string> {
    for (;;) {
      const end = this.#chunks.indexOf('\r\n');
      if (end >= 0) {
        const line = this.#chunks.toString('latin1', 0, end);
        this.#chunks = this.#chunks.subarray(end + 2);
        return line;
      }
      await this.#more();
    }
  }

  /** Exactly this many octets. */
  async octets(count: number): Promise<Buffer> {
    while (this.#chunks.length < count) await this.#more();
    const octets = this.#chunks.subarray(0, count);
    this.#chunks = this.#chunks.subarray(count);
    return octets;
  }

  /** Turns the line into TLS, after the server's go-ahead. */
  async startTls(): Promise<void> {
    this.#socket.removeAllListeners();
    const upgraded = tls.connect({ socket: this.#socket, rejectUnauthorized: false });
    await new Promise<void>((resolve, reject) => {
      upgraded.once('secureConnect', () => resolve());
      upgraded.once('error', (error) => reject(new ConnectionLost(error)));
    });
    this.#socket = upgraded;
    this.#listen();
  }

  close(): void {
    this.#socket.destroy();
  }

  #listen(): void {
    const lose = (error?: unknown): void => {
      this.#lost ??= new ConnectionLost(error);
      this.#wake?.();
    };
    this.#socket.on('data', (chunk: Buffer) => {
      this.#chunks = this.#chunks.length === 0 ? chunk : Buffer.concat([this.#chunks, chunk]);
      this.#wake?.();
    });
    this.#socket.on('error', lose);
    this.#socket.on('close', lose);
    this.#socket.on('end', lose);
  }

  async #more(): Promise<void> {
    if (this.#lost) throw this.#lost;
    const before = this.#chunks.length;
    while (this.#chunks.length === before && !this.#lost) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
    if (this.#chunks.length === before && this.#lost) throw this.#lost;
  }
}

/** A reply of SMTP or POP3: the last line decides. */
export interface Reply {
  readonly lines: readonly string[];
  readonly isOk: boolean;
}

/** SMTP: one transaction at a time. */
export class SmtpClient {
  readonly #line: LineClient;
  private constructor(line: LineClient) {
    this.#line = line;
  }

  static async connect(port: number, sign: { readonly tls: boolean; readonly user?: string; readonly password?: string }): Promise<SmtpClient> {
    const client = new SmtpClient(await LineClient.connect(port, sign));
    await client.reply();
    await client.command('EHLO client.example');
    if (sign.user !== undefined) {
      const login = await client.command(`AUTH PLAIN ${Buffer.from(`\0${sign.user}\0${sign.password ?? ''}`).toString('base64')}`);
      if (!login.isOk) throw new Error(`sign-in: ${login.lines.join(' ')}`);
    }
    return client;
  }

  async command(text: string): Promise<Reply> {
    this.#line.send(`${text}\r\n`);
    return this.reply();
  }

  async reply(): Promise<Reply> {
    const lines: string[] = [];
    for (;;) {
      const line = await this.#line.line();
      lines.push(line);
      if (line[3] !== '-') return { lines, isOk: line.startsWith('2') || line.startsWith('3') };
    }
  }

  /** Sends one message (Latin-1 for octets, CRLF lines, dots stuffed); resolves with the reply to its end. */
  async deliver(from: string, to: readonly string[], message: string): Promise<Reply> {
    const commands = [`MAIL FROM:<${from}>`, ...to.map((address) => `RCPT TO:<${address}>`), 'DATA'];
    this.#line.send(`${commands.join('\r\n')}\r\n`);
    let last: Reply | undefined;
    for (const _ of commands) {
      const reply = await this.reply();
      if (!reply.isOk) last ??= reply;
    }
    if (last) return last;
    this.#line.send(Buffer.from(`${message}\r\n.\r\n`, 'latin1'));
    return this.reply();
  }

  close(): void {
    this.#line.close();
  }
}

/** What an IMAP command brought: its untagged lines, with literals as they came, and the tagged line. */
export interface ImapResult {
  readonly untagged: readonly string[];
  readonly tagged: string;
  readonly isOk: boolean;
}

/** IMAP: one command at a time. */
export class ImapClient {
  readonly #line: LineClient;
  #tag = 0;
  private constructor(line: LineClient) {
    this.#line = line;
  }

  static async connect(port: number, user: string, password: string): Promise<ImapClient> {
    const client = new ImapClient(await LineClient.connect(port, { tls: true }));
    await client.#line.line();
    const login = await client.command(`LOGIN "${user}" "${password}"`);
    if (!login.isOk) throw new Error(`sign-in: ${login.tagged}`);
    return client;
  }

  /** Sends a command; `literal` follows it as a synchronising literal. */
  async command(text: string, literal?: string): Promise<ImapResult> {
    const tag = `a${++this.#tag}`;
    const octets = literal === undefined ? undefined : Buffer.from(literal, 'latin1');
    this.#line.send(`${tag} ${text}${octets ? ` {${octets.length}}` : ''}\r\n`);
    const untagged: string[] = [];
    for (;;) {
      const line = await this.#response();
      if (line.startsWith('+') && octets) {
        this.#line.send(octets);
        this.#line.send('\r\n');
      } else if (line.startsWith(`${tag} `)) return { untagged, tagged: line.slice(tag.length + 1), isOk: line.startsWith(`${tag} OK`) };
      else untagged.push(line);
    }
  }

  close(): void {
    this.#line.close();
  }

  async #response(): Promise<string> {
    let response = '';
    for (;;) {
      const line = await this.#line.line();
      response += line;
      const literal = /\{(\d+)\}$/.exec(line);
      if (!literal) return response;
      response += `\r\n${(await this.#line.octets(Number(literal[1]))).toString('latin1')}`;
    }
  }
}

/** POP3: one command at a time. */
export class Pop3Client {
  readonly #line: LineClient;
  private constructor(line: LineClient) {
    this.#line = line;
  }

  static async connect(port: number, user: string, password: string): Promise<Pop3Client> {
    const client = new Pop3Client(await LineClient.connect(port, { tls: true }));
    await client.#line.line();
    await client.command(`USER ${user}`);
    const login = await client.command(`PASS ${password}`);
    if (!login.isOk) throw new Error(`sign-in: ${login.lines.join(' ')}`);
    return client;
  }

  async command(text: string, options: { readonly multiline?: boolean } = {}): Promise<Reply> {
    this.#line.send(`${text}\r\n`);
    const lines = [await this.#line.line()];
    const isOk = lines[0]?.startsWith('+OK') ?? false;
    if (isOk && options.multiline) {
      for (let line = await this.#line.line(); line !== '.'; line = await this.#line.line()) lines.push(line.startsWith('.') ? line.slice(1) : line);
    }
    return { lines, isOk };
  }

  close(): void {
    this.#line.close();
  }
}
