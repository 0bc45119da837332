/** A DNS server for tests: answers from a table over UDP and TCP on one loopback port. */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { type Answer, AUTHENTIC_DATA, decode, encode, type Packet, RECURSION_AVAILABLE, TRUNCATED_RESPONSE } from 'dns-packet';
import { StubResolver } from '#net/dns/stub-resolver.ts';
import type { DnsServer } from '#net/dns/transport.ts';

/** Records of a name by type, as dns-packet takes them: `{ 'example.test': { MX: [{ preference: 10, exchange: 'mx.example.test' }], A: ['192.0.2.1'] } }`. */
export type Zone = Record<string, Record<string, readonly unknown[]>>;

export interface DnsFaults {
  /** Say nothing over UDP to this many questions. */
  silent?: number;
  /** Answer SERVFAIL for these names, or for one type of a name: `TXT example.test`. */
  failing?: readonly string[];
  /** Truncate UDP answers, so that TCP is needed. */
  truncates?: boolean;
  /** Send a forged answer (wrong id) first. */
  forges?: boolean;
  /** Over UDP only forged answers come. */
  floods?: boolean;
  /** Does not know EDNS, and says so in a message without a question. */
  isOld?: boolean;
  /** Names whose answers are not marked authentic. */
  insecure?: readonly string[];
}

export class FakeDns implements AsyncDisposable {
  /** Change it at any time. */
  zone: Zone;
  faults: DnsFaults;
  /** What was asked: `MX example.test`. */
  readonly questions: string[] = [];
  readonly #udp: UdpSocket;
  readonly #tcp: Server;

  private constructor(zone: Zone, faults: DnsFaults, udp: UdpSocket, tcp: Server) {
    this.zone = zone;
    this.faults = faults;
    this.#udp = udp;
    this.#tcp = tcp;
  }

  static async start(zone: Zone, faults: DnsFaults = {}): Promise<FakeDns> {
    const { udp, tcp } = await bindBoth();
    const dns = new FakeDns(zone, faults, udp, tcp);
    udp.on('message', (bytes, peer) => {
      for (const answer of dns.#overUdp(bytes)) udp.send(answer, peer.port, peer.address);
    });
    tcp.on('connection', (socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (chunk: Buffer) => {
        const answer = dns.#answer(chunk.subarray(2), false);
        const head = Buffer.alloc(2);
        head.writeUInt16BE(answer.length);
        socket.end(Buffer.concat([head, answer]));
      });
    });
    return dns;
  }

  get server(): DnsServer {
    return { address: '127.0.0.1', port: this.#udp.address().port };
  }

  /** A resolver that asks only this server. */
  resolver(timeoutMs: number = 300): StubResolver {
    return new StubResolver({ servers: [this.server], timeoutMs });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#udp.close();
    await new Promise<void>((resolve) => {
      this.#tcp.close(() => {
        resolve();
      });
    });
  }

  #overUdp(bytes: Buffer): Buffer[] {
    if ((this.faults.silent ?? 0) > 0) {
      this.faults.silent = (this.faults.silent ?? 0) - 1;
      return [];
    }
    const answer = this.#answer(bytes, this.faults.truncates === true);
    if (!this.faults.forges && !this.faults.floods) return [answer];
    const forged = Buffer.from(answer);
    forged.writeUInt16BE((answer.readUInt16BE(0) + 1) & 0xffff, 0);
    return this.faults.floods ? [forged, forged, forged, forged] : [Buffer.from('nonsense'), forged, answer];
  }

  #answer(bytes: Buffer, isTruncated: boolean): Buffer {
    const query = decode(bytes);
    const question = query.questions?.[0] ?? { name: '', type: '' };
    const name = question.name.toLowerCase();
    this.questions.push(`${question.type} ${name}`);
    const base: Packet = { id: query.id ?? 0, type: 'response', questions: query.questions ?? [] };
    if (this.faults.failing?.some((failing) => failing === name || failing === `${question.type} ${name}`))
      return encode({ ...base, flags: RECURSION_AVAILABLE | 2 });
    if (this.faults.isOld && (query.additionals?.length ?? 0) > 0) return encode({ id: query.id ?? 0, type: 'response', flags: 1 });
    const secure = this.faults.insecure?.includes(name) ? 0 : AUTHENTIC_DATA;
    if (isTruncated) return encode({ ...base, flags: RECURSION_AVAILABLE | TRUNCATED_RESPONSE });
    const answers: Answer[] = [];
    let owner = name;
    for (let cname = this.zone[owner]?.['CNAME']?.[0]; typeof cname === 'string' && answers.length < 20; cname = this.zone[owner]?.['CNAME']?.[0]) {
      answers.push({ type: 'CNAME', name: owner, ttl: 300, data: cname });
      owner = cname;
    }
    for (const data of this.zone[owner]?.[question.type] ?? []) answers.push({ type: question.type, name: owner, ttl: 300, data });
    const isMissing = this.zone[owner] === undefined;
    const authorities: Answer[] =
      answers.length > 0
        ? []
        : [{ type: 'SOA', name: 'test', ttl: 60, data: { mname: 'ns.test', rname: 'root.test', serial: 1, refresh: 1, retry: 1, expire: 1, minimum: 60 } }];
    return encode({ ...base, flags: RECURSION_AVAILABLE | secure | (isMissing ? 3 : 0), answers, authorities });
  }
}

/** The same port for both: whichever TCP gets, if UDP can have it too. */
async function bindBoth(): Promise<{ readonly udp: UdpSocket; readonly tcp: Server }> {
  for (let attempt = 0; ; attempt++) {
    const tcp = createServer();
    await new Promise<void>((resolve) => {
      tcp.listen(0, '127.0.0.1', resolve);
    });
    const udp = createSocket('udp4');
    const error = await new Promise<Error | undefined>((resolve) => {
      udp.once('error', resolve);
      udp.bind((tcp.address() as AddressInfo).port, '127.0.0.1', () => {
        resolve(undefined);
      });
    });
    if (!error) return { udp, tcp };
    udp.close();
    tcp.close();
    if (attempt === 10) throw error;
  }
}
