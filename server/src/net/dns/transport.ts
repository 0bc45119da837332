/**
 * One question to one server, over UDP and, where the answer does not fit, over TCP.
 *
 * A new socket for each question has a port that an attacker must guess beside the id; it is connected, so that only that server's packets reach it.
 * RFC 1035 §4.2 · RFC 5452 §9 (ids, ports, question) · RFC 6891 (EDNS) · RFC 7766 (TCP)
 */
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { type Packet, type RecordType, readPacket, TYPES, writeQuestion } from './packet.ts';
import { DnsError } from './resolver.ts';

/** What passes every path without fragments (DNS flag day 2020). */
const UDP_PAYLOAD = 1232;

export interface DnsServer {
  readonly address: string;
  readonly port: number;
}

/** What servers from before EDNS say to it, and those that have another version. RFC 6891 §6.1.3, §7 */
const WITHOUT_EDNS: ReadonlySet<string> = new Set(['FORMERR', 'NOTIMP', 'RCODE 16']);
/** So many packets that are no answer to the question, and it is asked over TCP: somebody is guessing. RFC 5452 §9.2, §10 */
const FORGERIES = 3;

/** Resolves with the server's answer, checked to belong to the question. Throws DnsError. */
export async function ask(server: DnsServer, name: string, type: RecordType, timeoutMs: number): Promise<Packet> {
  const deadline = performance.now() + timeoutMs;
  const answer = await askOnce(server, new Question(name, type, true), timeoutMs);
  if (!WITHOUT_EDNS.has(answer.rcode)) return answer;
  return await askOnce(server, new Question(name, type, false), Math.max(1, deadline - performance.now()));
}

/** One question as it goes out, with an id of its own. */
class Question {
  readonly octets: Buffer;
  readonly #id: number = randomInt(0x10000);
  readonly #name: string;
  readonly #type: RecordType;

  constructor(name: string, type: RecordType, hasEdns: boolean) {
    this.#name = name.toLowerCase();
    this.#type = type;
    this.octets = writeQuestion(this.#id, this.#name, type, hasEdns ? UDP_PAYLOAD : undefined);
  }

  isAnsweredBy({ id, isResponse, question, rcode }: Packet): boolean {
    if (id !== this.#id || !isResponse) return false;
    if (!question) return WITHOUT_EDNS.has(rcode);
    return question.type === TYPES[this.#type] && question.name === this.#name;
  }
}

async function askOnce(server: DnsServer, question: Question, timeoutMs: number): Promise<Packet> {
  const deadline = performance.now() + timeoutMs;
  const answer = await askUdp(server, question, timeoutMs);
  if (answer && !answer.isTruncated) return answer;
  return await askTcp(server, question, Math.max(1, deadline - performance.now()));
}

/** Resolves with undefined where packets come that are not the answer. */
function askUdp(server: DnsServer, question: Question, timeoutMs: number): Promise<Packet | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<Packet | undefined>();
  const socket = createSocket(server.address.includes(':') ? 'udp6' : 'udp4');
  let forgeries = 0;
  const timer = setTimeout(() => {
    reject(new DnsError('timeout', `${server.address} did not answer in ${Math.round(timeoutMs)} ms`));
  }, timeoutMs);
  const failed = (cause: Error): void => reject(new DnsError('server-failure', `${server.address}: ${cause.message}`, { cause }));
  socket.on('error', failed);
  socket.on('message', (bytes) => {
    const packet = readPacket(bytes);
    if (packet && question.isAnsweredBy(packet)) resolve(packet);
    else if (++forgeries >= FORGERIES) resolve(undefined);
  });
  // Without a way to the server (a network that is down) the callback gets the error; sending would throw past everybody.
  socket.connect(server.port, server.address, (cause?: Error) => {
    if (cause) failed(cause);
    else socket.send(question.octets);
  });
  return promise.finally(() => {
    clearTimeout(timer);
    socket.close();
  });
}

function askTcp(server: DnsServer, question: Question, timeoutMs: number): Promise<Packet> {
  const { promise, resolve, reject } = Promise.withResolvers<Packet>();
  const socket = connect({ port: server.port, host: server.address });
  const timer = setTimeout(() => {
    reject(new DnsError('timeout', `${server.address} did not answer over TCP in ${Math.round(timeoutMs)} ms`));
  }, timeoutMs);
  // The length and the longest answer that it can announce.
  const received = Buffer.allocUnsafe(2 + 0xffff);
  let length = 0;
  socket.on('error', (cause) => {
    reject(new DnsError('server-failure', `${server.address}: ${cause.message}`, { cause }));
  });
  socket.on('close', () => {
    reject(new DnsError('server-failure', `${server.address} closed the connection without an answer`));
  });
  socket.on('data', (chunk: Buffer) => {
    length += chunk.copy(received, length);
    const end = length < 2 ? Infinity : 2 + received.readUInt16BE(0);
    if (length < end) return;
    const packet = readPacket(received.subarray(2, end));
    if (packet && question.isAnsweredBy(packet)) resolve(packet);
    else reject(new DnsError('malformed', `${server.address} answered something else over TCP`));
  });
  const head = Buffer.alloc(2);
  head.writeUInt16BE(question.octets.length);
  socket.write(Buffer.concat([head, question.octets]));
  return promise.finally(() => {
    clearTimeout(timer);
    socket.destroy();
  });
}
