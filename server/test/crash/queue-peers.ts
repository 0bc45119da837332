/**
 * Servers that mail is sent to while the sending one is killed: one that takes everything at once, one that greylists and defers, one that drops the line at
 * random stages of the conversation. They outlive the kills and write down what reached them.
 */
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** How a peer behaves; `random` gives 0 to 1. */
export interface PeerManner {
  /** What RCPT answers; undefined accepts. */
  recipient?(address: string, random: () => number): string | undefined;
  /** How often the line is dropped at each step. */
  readonly dropRate?: number;
}

export interface CrashPeer extends AsyncDisposable {
  readonly port: number;
  /** `token address` to how often it came whole: the final dot was read, whether or not the answer went out. */
  readonly arrivals: ReadonlyMap<string, number>;
}

export async function startCrashPeer(manner: PeerManner, random: () => number): Promise<CrashPeer> {
  const arrivals = new Map<string, number>();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    converse(socket, manner, random, (token, address) => {
      const key = `${token} ${address}`;
      arrivals.set(key, (arrivals.get(key) ?? 0) + 1);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    arrivals,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

function converse(socket: Socket, manner: PeerManner, random: () => number, arrived: (token: string, address: string) => void): void {
  let buffer = '';
  let recipients: string[] = [];
  let isData = false;
  /** Says something, or drops the line instead. */
  const say = (text: string): void => {
    if (random() < (manner.dropRate ?? 0)) socket.destroy();
    else socket.write(`${text}\r\n`);
  };
  say('220 peer.test');
  socket.on('data', (chunk: Buffer) => {
    buffer += chunk.toString('latin1');
    while (!socket.destroyed) {
      if (isData) {
        const end = buffer.indexOf('\r\n.\r\n');
        if (end < 0) return;
        const token = /^Subject: (\w+)/im.exec(buffer)?.[1] ?? '';
        buffer = buffer.slice(end + 5);
        isData = false;
        for (const address of recipients) arrived(token, address);
        recipients = [];
        say('250 2.0.0 taken');
        continue;
      }
      const end = buffer.indexOf('\r\n');
      if (end < 0) return;
      const line = buffer.slice(0, end);
      buffer = buffer.slice(end + 2);
      const verb = line.slice(0, 4).toUpperCase();
      if (verb === 'EHLO') say('250-peer.test\r\n250-PIPELINING\r\n250 8BITMIME');
      else if (verb === 'RCPT') {
        const address = /<([^>]*)>/.exec(line)?.[1] ?? '';
        const refusal = manner.recipient?.(address, random);
        if (refusal === undefined) recipients.push(address);
        say(refusal ?? '250 2.1.5 ok');
      } else if (verb === 'DATA') {
        if (recipients.length === 0) say('554 5.5.1 no valid recipients');
        else {
          isData = true;
          say('354 go on');
        }
      } else if (verb === 'QUIT') socket.end('221 bye\r\n');
      else {
        if (verb === 'MAIL' || verb === 'RSET') recipients = [];
        say('250 ok');
      }
    }
  });
}

/** Greylists each address the first time, and defers some later. */
export function greylisting(): PeerManner {
  const seen = new Set<string>();
  return {
    recipient(address, random) {
      if (!seen.has(address)) {
        seen.add(address);
        return '451 4.3.0 not now';
      }
      return random() < 0.2 ? '452 4.2.2 busy' : undefined;
    },
  };
}
