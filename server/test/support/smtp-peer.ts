/** Other mail servers for tests: nodemailer's smtp-server, which nobody here wrote, and a scripted one that can be as hostile as needed. */
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { issueCertificate, makeAuthority } from '#net/dev-certificate.ts';

export interface ReceivedMail {
  readonly sender: string;
  readonly senderParameters: Readonly<Record<string, unknown>>;
  readonly recipients: readonly string[];
  readonly text: string;
  readonly secure: boolean;
  readonly user: string | undefined;
}

const authority = makeAuthority('Peer test', Date.now());
const issued = issueCertificate(authority, ['mx.peer.test', 'localhost', '127.0.0.1'], { nowMs: Date.now() });

/** The authority of the peers' certificates. */
export const peerCa: string = authority.certificate;
/** What a peer shows unless it is given another: itself, then its authority. PEM. */
export const peerCertificate: string = issued.certificate;

export interface SmtpPeer extends AsyncDisposable {
  readonly port: number;
  readonly received: ReceivedMail[];
  /** Connections accepted so far. */
  readonly connections: number;
}

export interface PeerBehaviour {
  /** Throws or returns what RCPT answers: undefined accepts. */
  readonly recipient?: (address: string) => { readonly code: number; readonly text: string } | undefined;
  readonly data?: (mail: ReceivedMail) => { readonly code: number; readonly text: string } | undefined;
  readonly options?: SMTPServerOptions;
  readonly password?: string;
  /** Where it listens; 127.0.0.1 if nothing is said. */
  readonly address?: string;
}

export async function startPeer(behaviour: PeerBehaviour = {}): Promise<SmtpPeer> {
  const received: ReceivedMail[] = [];
  let connections = 0;
  const server = new SMTPServer({
    name: 'mx.peer.test',
    key: issued.key,
    cert: issued.certificate,
    authOptional: true,
    disableReverseLookup: true,
    logger: false,
    ...behaviour.options,
    onConnect(_session, done) {
      connections++;
      done();
    },
    onAuth(auth, _session, done) {
      if (auth.password === behaviour.password) done(null, { user: auth.username ?? '' });
      else done(new Error('no'));
    },
    onRcptTo(address, _session, done) {
      const answer = behaviour.recipient?.(address.address);
      done(answer && replyError(answer));
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        const mail: ReceivedMail = {
          sender: mailFrom === false ? '' : mailFrom.address,
          senderParameters: mailFrom === false || typeof mailFrom.args !== 'object' ? {} : { ...mailFrom.args },
          recipients: rcptTo.map(({ address }) => address),
          text: Buffer.concat(chunks).toString('latin1'),
          secure: session.secure,
          user: typeof session.user === 'string' ? session.user : undefined,
        };
        const answer = behaviour.data?.(mail);
        if (!answer) received.push(mail);
        done(answer && replyError(answer));
      });
    },
  });
  server.on('error', () => undefined);
  const port = await new Promise<number>((resolve) => {
    const listening: Server = server.listen(0, behaviour.address ?? '127.0.0.1', () => {
      resolve((listening.address() as AddressInfo).port);
    });
  });
  return {
    port,
    received,
    get connections() {
      return connections;
    },
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
        for (const connection of server.connections) (connection as { _socket?: Socket })._socket?.destroy();
      }),
  };
}

function replyError({ code, text }: { readonly code: number; readonly text: string }): Error {
  return Object.assign(new Error(text), { responseCode: code });
}

/** One conversation of a scripted peer: it reads lines and says anything. */
export class Conversation {
  readonly #socket: Socket;
  #buffer = '';
  #wake: (() => void) | undefined;
  #isEnded = false;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#attach();
  }

  say(text: string): void {
    this.#socket.write(text, 'latin1');
  }

  /** The next line without its end; undefined when the client has gone. */
  async line(): Promise<string | undefined> {
    for (;;) {
      const end = this.#buffer.indexOf('\r\n');
      if (end >= 0) {
        const line = this.#buffer.slice(0, end);
        this.#buffer = this.#buffer.slice(end + 2);
        return line;
      }
      if (this.#isEnded) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Reads a line and answers; returns the line. */
  async answer(text: string): Promise<string | undefined> {
    const line = await this.line();
    this.say(text);
    return line;
  }

  /** The lines of DATA up to the final dot. */
  async data(): Promise<string[]> {
    const lines: string[] = [];
    for (let line = await this.line(); line !== undefined && line !== '.'; line = await this.line()) lines.push(line);
    return lines;
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Says no more; what was said still arrives. */
  end(): void {
    this.#socket.end();
  }

  #attach(): void {
    this.#socket.on('data', (chunk: Buffer) => {
      this.#buffer += chunk.toString('latin1');
      this.#wake?.();
    });
    this.#socket.on('error', () => undefined);
    this.#socket.on('close', () => {
      this.#isEnded = true;
      this.#wake?.();
    });
  }
}

/** Runs one script for each connection, the last one over and over. */
export async function startScriptedPeer(
  ...scripts: ReadonlyArray<(conversation: Conversation) => Promise<void>>
): Promise<AsyncDisposable & { readonly port: number; readonly connections: () => number }> {
  let connections = 0;
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    const script = scripts[Math.min(connections, scripts.length - 1)];
    connections++;
    if (script) void script(new Conversation(socket));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => {
          resolve();
        });
      }),
  };
}
