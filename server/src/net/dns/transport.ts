/**
 * One question to one server, over UDP and, where the answer does not fit, over TCP.
 *
 * A new socket for each question has a port that an attacker must guess beside the id; it is connected, so that only that server's packets reach it.
 * RFC 1035 §4.2 · RFC 5452 §9 (ids, ports, question) · RFC 6891 (EDNS) · RFC 7766 (TCP)
 */
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { AUTHENTIC_DATA, decode, encode, type Packet, RECURSION_DESIRED } from 'dns-packet';
import { DnsError } from './resolver.ts';

/** What passes every path without fragments (DNS flag day 2020). */
const UDP_PAYLOAD = 1232;

export interface DnsServer {
  readonly address: string;
  readonly port: number;
}

/** Resolves with the server's answer, checked to belong to the question. Throws DnsError, or the signal's reason. */
export async function ask(server: DnsServer, name: string, type: string, timeoutMs: number): Promise<Packet> {
  const id = randomInt(0x10000);
  // AD in a question asks for AD in the answer (RFC 6840 §5.7).
  const query = encode({
    id,
    type: 'query',
    flags: RECURSION_DESIRED | AUTHENTIC_DATA,
    questions: [{ name, type }],
    additionals: [{ type: 'OPT', name: '.', udpPayloadSize: UDP_PAYLOAD, flags: 0 }],
  });
  const isAnswer = (packet: Packet): boolean => {
    const question = packet.questions?.[0];
    const isEmpty = packet.questions?.length === 0 && packet.rcode === 'FORMERR';
    return packet.id === id && packet.type === 'response' && (isEmpty || (question?.type === type && question.name.toLowerCase() === name.toLowerCase()));
  };
  const deadline = performance.now() + timeoutMs;
  const answer = await askUdp(server, query, isAnswer, timeoutMs);
  if (answer.flag_tc !== true) return answer;
  return await askTcp(server, query, isAnswer, Math.max(1, deadline - performance.now()));
}

function askUdp(server: DnsServer, query: Buffer, isAnswer: (packet: Packet) => boolean, timeoutMs: number): Promise<Packet> {
  const { promise, resolve, reject } = Promise.withResolvers<Packet>();
  const socket = createSocket(server.address.includes(':') ? 'udp6' : 'udp4');
  const timer = setTimeout(() => {
    reject(new DnsError('timeout', `${server.address} did not answer in ${timeoutMs} ms`));
  }, timeoutMs);
  socket.on('error', (cause) => {
    reject(new DnsError('server-failure', `${server.address}: ${cause.message}`, { cause }));
  });
  socket.on('message', (bytes) => {
    const packet = parse(bytes);
    // Anything else may be forged: go on waiting for the true one.
    if (packet && isAnswer(packet)) resolve(packet);
  });
  socket.connect(server.port, server.address, () => {
    socket.send(query);
  });
  return promise.finally(() => {
    clearTimeout(timer);
    socket.close();
  });
}

function askTcp(server: DnsServer, query: Buffer, isAnswer: (packet: Packet) => boolean, timeoutMs: number): Promise<Packet> {
  const { promise, resolve, reject } = Promise.withResolvers<Packet>();
  const socket = connect({ port: server.port, host: server.address });
  const timer = setTimeout(() => {
    reject(new DnsError('timeout', `${server.address} did not answer over TCP in ${Math.round(timeoutMs)} ms`));
  }, timeoutMs);
  let received = Buffer.alloc(0);
  socket.on('error', (cause) => {
    reject(new DnsError('server-failure', `${server.address}: ${cause.message}`, { cause }));
  });
  socket.on('close', () => {
    reject(new DnsError('server-failure', `${server.address} closed the connection without an answer`));
  });
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
    const packet = parse(received.subarray(2, 2 + received.readUInt16BE(0)));
    if (packet && isAnswer(packet)) resolve(packet);
    else reject(new DnsError('malformed', `${server.address} answered something else over TCP`));
  });
  const head = Buffer.alloc(2);
  head.writeUInt16BE(query.length);
  socket.write(Buffer.concat([head, query]));
  return promise.finally(() => {
    clearTimeout(timer);
    socket.destroy();
  });
}

function parse(bytes: Buffer): Packet | undefined {
  try {
    return decode(bytes);
  } catch {
    return undefined;
  }
}
