/**
 * DNS messages on the wire: a question written, an answer read. Bounded whatever the octets say: each record is looked at once, names are read only where
 * they matter, and pointers go back only and not often.
 *
 * RFC 1035 §4.1, §4.1.4 (compression) · RFC 2181 §8 (TTL) · RFC 2782 (SRV) · RFC 3596 (AAAA) · RFC 6698 §2.1 (TLSA) · RFC 6891 §6.1 (EDNS)
 */

/** The record types that are asked for. */
export const TYPES = { A: 1, CNAME: 5, PTR: 12, MX: 15, TXT: 16, AAAA: 28, SRV: 33, TLSA: 52 } as const;

export type RecordType = keyof typeof TYPES;

const SOA = 6;
const OPT = 41;
const INTERNET = 1;
const HEADER_OCTETS = 12;
/** RD and AD: AD in a question asks for AD in the answer (RFC 6840 §5.7). */
const QUERY_FLAGS = 0x0120;
const RCODES = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'];
const MOST_JUMPS = 127;
const LONGEST_NAME = 255;
/** What stands in a label and would be read as something else, or as nothing. */
const UNREADABLE = /[^\x20-\x7e]|[.\\]/;

export interface PacketRecord {
  /** Lower case, without the final dot; undefined for one that has no text form here. */
  readonly owner: string | undefined;
  readonly type: number;
  readonly ttlS: number;
  /** Where its data stands. */
  readonly start: number;
  readonly end: number;
}

export interface Packet {
  readonly octets: Buffer;
  readonly id: number;
  readonly isResponse: boolean;
  readonly isTruncated: boolean;
  readonly isAuthentic: boolean;
  /** `NOERROR`, `SERVFAIL` … or `RCODE 17`. */
  readonly rcode: string;
  readonly question: { readonly name: string | undefined; readonly type: number } | undefined;
  /** Those of class IN; empty where the answer is truncated. */
  readonly answers: readonly PacketRecord[];
  /** How long a negative answer may be remembered; undefined where there is no SOA. RFC 2308 §5 */
  readonly negativeTtlS: number | undefined;
}

/** A question for a name that `isName`. `udpPayload`: what EDNS announces; undefined for a message without EDNS. */
export function writeQuestion(id: number, name: string, type: RecordType, udpPayload: number | undefined): Buffer {
  const octets = Buffer.alloc(HEADER_OCTETS + name.length + 2 + 4 + (udpPayload === undefined ? 0 : 11));
  octets.writeUInt16BE(id, 0);
  octets.writeUInt16BE(QUERY_FLAGS, 2);
  octets.writeUInt16BE(1, 4);
  octets.writeUInt16BE(udpPayload === undefined ? 0 : 1, 10);
  let at = HEADER_OCTETS;
  for (const label of name.split('.')) {
    octets[at] = label.length;
    at += 1 + octets.write(label, at + 1, 'latin1');
  }
  at = octets.writeUInt16BE(TYPES[type], at + 1);
  at = octets.writeUInt16BE(INTERNET, at);
  if (udpPayload !== undefined) {
    // The root, then OPT with its size in the place of the class; the rest is zero.
    at = octets.writeUInt16BE(OPT, at + 1);
    octets.writeUInt16BE(udpPayload, at);
  }
  return octets;
}

/** Undefined for what is no DNS message. */
export function readPacket(octets: Buffer): Packet | undefined {
  if (octets.length < HEADER_OCTETS) return undefined;
  const flags = octets.readUInt16BE(2);
  const isTruncated = (flags & 0x0200) !== 0;
  const reader = new RecordReader(octets);
  const question = reader.questions(octets.readUInt16BE(4));
  const answers: PacketRecord[] = [];
  let negativeTtlS: number | undefined;
  let extendedCode = 0;
  // A truncated answer ends anywhere; it is asked for again over TCP.
  if (!isTruncated && !reader.isBroken) {
    reader.records(octets.readUInt16BE(6), (record) => answers.push(record));
    reader.records(octets.readUInt16BE(8), (record) => {
      if (record.type === SOA && record.end - record.start >= 22) negativeTtlS ??= Math.min(record.ttlS, ttl(octets, record.end - 4));
    });
    reader.options(octets.readUInt16BE(10), (code) => (extendedCode = code));
  }
  if (reader.isBroken) return undefined;
  const code = (flags & 15) | (extendedCode << 4);
  return {
    octets,
    id: octets.readUInt16BE(0),
    isResponse: (flags & 0x8000) !== 0,
    isTruncated,
    isAuthentic: (flags & 0x0020) !== 0,
    rcode: RCODES[code] ?? `RCODE ${code}`,
    question,
    answers,
    negativeTtlS,
  };
}

/** The name that stands at `start` and, without what pointers lead to, within `end`: lower case, `.` for the root; undefined for one that cannot be read. */
export function readName(octets: Buffer, start: number, end: number): string | undefined {
  let name = '';
  let at = start;
  let limit = end;
  // A pointer leads to something before the piece it stands in, so that there is no way round (RFC 1035 §4.1.4: a prior occurrence).
  let pieceStart = start;
  for (let jumps = 0; jumps <= MOST_JUMPS; ) {
    const length = at < limit ? (octets[at] as number) : 0xff;
    if (length === 0) return name === '' ? '.' : name.slice(0, -1).toLowerCase();
    if (length < 64) {
      if (at + 1 + length > limit || name.length + length + 1 > LONGEST_NAME) return undefined;
      const label = octets.toString('latin1', at + 1, at + 1 + length);
      if (UNREADABLE.test(label)) return undefined;
      name += `${label}.`;
      at += 1 + length;
      continue;
    }
    if (length < 0xc0 || at + 2 > limit) return undefined;
    const target = octets.readUInt16BE(at) & 0x3fff;
    if (target >= pieceStart) return undefined;
    at = target;
    pieceStart = target;
    limit = octets.length;
    jumps++;
  }
  return undefined;
}

/** Goes through the sections once; after octets that are no record, it `isBroken` and says nothing more. */
class RecordReader {
  readonly #octets: Buffer;
  #at = HEADER_OCTETS;
  isBroken = false;

  constructor(octets: Buffer) {
    this.#octets = octets;
  }

  /** The only question; undefined where there is none, or more. */
  questions(count: number): Packet['question'] {
    if (count > 1) this.isBroken = true;
    if (count !== 1) return undefined;
    const start = this.#at;
    this.#skipName();
    const end = this.#at;
    if (this.isBroken || end + 4 > this.#octets.length) {
      this.isBroken = true;
      return undefined;
    }
    this.#at = end + 4;
    if (this.#octets.readUInt16BE(end + 2) !== INTERNET) this.isBroken = true;
    return { name: readName(this.#octets, start, end), type: this.#octets.readUInt16BE(end) };
  }

  /** Those of class IN. */
  records(count: number, each: (record: PacketRecord) => void): void {
    this.#section(count, (ownerStart, ownerEnd, end) => {
      if (this.#octets.readUInt16BE(ownerEnd + 2) !== INTERNET) return;
      each({
        owner: readName(this.#octets, ownerStart, ownerEnd),
        type: this.#octets.readUInt16BE(ownerEnd),
        ttlS: ttl(this.#octets, ownerEnd + 4),
        start: ownerEnd + 10,
        end,
      });
    });
  }

  /** The upper bits of the response code, which OPT carries (RFC 6891 §6.1.3). */
  options(count: number, extendedCode: (code: number) => void): void {
    this.#section(count, (_, ownerEnd) => {
      if (this.#octets.readUInt16BE(ownerEnd) === OPT) extendedCode(this.#octets[ownerEnd + 4] as number);
    });
  }

  #section(count: number, each: (ownerStart: number, ownerEnd: number, end: number) => void): void {
    for (let index = 0; index < count && !this.isBroken; index++) {
      const ownerStart = this.#at;
      this.#skipName();
      const ownerEnd = this.#at;
      const end = ownerEnd + 10 <= this.#octets.length ? ownerEnd + 10 + this.#octets.readUInt16BE(ownerEnd + 8) : Infinity;
      if (this.isBroken || end > this.#octets.length) {
        this.isBroken = true;
        return;
      }
      this.#at = end;
      each(ownerStart, ownerEnd, end);
    }
  }

  #skipName(): void {
    for (;;) {
      const length = this.#octets[this.#at];
      if (length === undefined || (length >= 64 && length < 0xc0)) {
        this.isBroken = true;
        return;
      }
      this.#at += length >= 0xc0 ? 2 : 1 + length;
      if (length === 0 || length >= 0xc0) return;
    }
  }
}

/** RFC 2181 §8: one with the highest bit set counts as zero. */
function ttl(octets: Buffer, at: number): number {
  const value = octets.readUInt32BE(at);
  return value > 0x7fffffff ? 0 : value;
}
