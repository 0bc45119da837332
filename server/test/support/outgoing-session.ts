/** For tests of the way to other servers: sessions with peers on this machine, and what is handed to them. */
import { type Conversation, peerCa } from './smtp-peer.ts';
import type { FakeDns } from './dns.ts';
import type { Destination, MailSession, OutboundMessage, Relay } from '#queue/transport.ts';
import type { TimeLimits } from '#smtp/client/time-limits.ts';
import { SmtpTransport } from '#smtp/client/transport.ts';

/** Lines that begin with dots among them. */
export const TEXT: string = 'From: a@capri.test\r\nSubject: x\r\n\r\nHello.\r\n.dot\r\n..two\r\nend\r\n';
export const never: AbortSignal = new AbortController().signal;

export const FAST: TimeLimits = { connectMs: 500, greetingMs: 500, handshakeMs: 500, commandMs: 500, dataMs: 500, blockMs: 500, finalMs: 500 };
const PATIENT: TimeLimits = { ...FAST, commandMs: 20_000, dataMs: 20_000, blockMs: 20_000, finalMs: 20_000 };

/** A session whose hosts are at this port of their addresses, loopback allowed. */
export async function open(
  dns: FakeDns,
  destination: Destination,
  port: number,
  options: { readonly ca?: string | undefined; readonly timeLimits?: TimeLimits } = {},
): Promise<MailSession & Disposable> {
  const hosts = { port, isAllowed: () => true };
  const transport = new SmtpTransport({
    hostname: 'capri.test',
    resolver: dns.resolver(),
    hosts,
    timeLimits: options.timeLimits ?? PATIENT,
    ca: 'ca' in options ? options.ca : peerCa,
  });
  const session = await transport.connect(destination, never);
  return Object.assign(session, {
    [Symbol.dispose]: () => {
      session.close();
    },
  });
}

export function relay(port: number, options: Partial<Relay> = {}): Destination {
  return { kind: 'relay', relay: { host: '127.0.0.1', port, tls: 'opportunistic', ...options } };
}

/** Octets are given one a character. */
export function message(options: {
  readonly text?: string;
  readonly recipients?: readonly string[];
  readonly isEightBit?: boolean;
  readonly smtpUtf8?: boolean;
}): OutboundMessage {
  const bytes = Buffer.from(options.text ?? TEXT, 'latin1');
  return {
    sender: 'a@capri.test',
    recipients: (options.recipients ?? ['b@peer.test']).map((address) => ({ address, notify: undefined, originalRecipient: undefined })),
    sizeBytes: bytes.length,
    isEightBit: options.isEightBit ?? false,
    smtpUtf8: options.smtpUtf8 ?? false,
    ret: undefined,
    envelopeId: undefined,
    read: async (start, length) => bytes.subarray(start, start + length),
  };
}

/** A server without any extension that takes everything, and closes after `messages` of them. */
export function polite(messages: number = Number.POSITIVE_INFINITY): (peer: Conversation) => Promise<void> {
  return async (peer) => {
    peer.say('220 mx\r\n');
    await peer.answer('250 mx\r\n');
    for (let n = 0; n < messages; n++) {
      if (!(await peer.answer('250 ok\r\n'))?.startsWith('MAIL')) return;
      await peer.answer('250 ok\r\n');
      await peer.answer('354 go\r\n');
      await peer.data();
      peer.say('250 ok\r\n');
    }
    peer.close();
  };
}
