import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type Answer, AUTHENTIC_DATA, decode, encode, type Packet as OraclePacket, RECURSION_AVAILABLE, RECURSION_DESIRED } from 'dns-packet';
import fc from 'fast-check';
import { readName, readPacket, type RecordType, TYPES, writeQuestion } from './packet.ts';
import { readAnswer } from './read-answer.ts';
import { DnsError } from './resolver.ts';

const TYPE_NAMES = Object.keys(TYPES) as readonly RecordType[];

suite('a question', () => {
  test('is what another implementation writes and reads', () => {
    const label = fc.stringMatching(/^[a-z0-9_ -]{1,20}$/);
    const name = fc.array(label, { minLength: 1, maxLength: 8 }).map((labels) => labels.join('.'));
    fc.assert(
      fc.property(
        fc.nat(0xffff),
        name,
        fc.constantFrom(...TYPE_NAMES),
        fc.option(fc.integer({ min: 512, max: 4096 }), { nil: undefined }),
        (id, asked, type, payload) => {
          const octets = writeQuestion(id, asked, type, payload);
          assert.deepEqual(
            octets,
            encode({
              id,
              type: 'query',
              flags: RECURSION_DESIRED | AUTHENTIC_DATA,
              questions: [{ type, name: asked }],
              ...(payload !== undefined && { additionals: [{ type: 'OPT', name: '.', udpPayloadSize: payload, flags: 0 }] }),
            }),
          );
          assert.deepEqual(readPacket(octets)?.question, { name: asked, type: TYPES[type] });
        },
      ),
    );
  });
});

suite('an answer', () => {
  test('is read as another implementation reads it', () => {
    fc.assert(
      fc.property(answers(), (packet) => {
        const octets = encode(packet);
        const oracle = decode(octets);
        const ours = readPacket(octets);
        assert.ok(ours);
        assert.equal(ours.rcode, oracle.rcode);
        assert.equal(ours.isAuthentic, oracle.flag_ad);
        assert.deepEqual(
          ours.answers.map(({ owner, ttlS }) => ({ owner, ttlS })),
          oracle.answers?.map(({ name, ttl }) => ({ owner: name.toLowerCase(), ttlS: ttl })),
        );
        const texts = oracle.answers?.filter(({ type, name }) => type === 'TXT' && name.toLowerCase() === 'example.test') ?? [];
        if (ours.rcode === 'NOERROR' && !packet.answers?.some(({ type }) => type === 'CNAME'))
          assert.deepEqual(
            readAnswer(ours, 'example.test', 'TXT', true).answer.records,
            texts.map(({ data }) => Buffer.concat(data as Buffer[]).toString('latin1')),
          );
      }),
    );
  });

  test('of hostile octets is refused or read, and nothing else', () => {
    const change = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }), fc.nat(3));
    fc.assert(
      fc.property(answers(), fc.array(change, { maxLength: 12 }), fc.nat(), (packet, changes, cut) => {
        let octets = encode(packet);
        for (const [at, value, kind] of changes) {
          const index = at % octets.length;
          if (kind === 0) octets[index] = value;
          else if (kind === 1) octets.writeUInt16BE(0xc000 | (value % octets.length), Math.min(index, octets.length - 2));
          else if (kind === 2) octets = Buffer.concat([octets.subarray(0, index), octets.subarray(index + 1)]);
          else octets[Math.min(index, 11)] = value;
          if (octets.length < 2) return;
        }
        readAll(octets);
        readAll(octets.subarray(0, cut % octets.length));
      }),
      { numRuns: 2000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (octets) => {
        readAll(Buffer.from(octets));
      }),
    );
  });

  test('cannot make long work by pointers', () => {
    // Thousands of pointers, each to the one before it, and as many records whose names begin at the last.
    const chain = Buffer.alloc(16_000);
    for (let at = 14; at < chain.length; at += 2) chain.writeUInt16BE(0xc000 | (at - 2), at);
    assert.equal(readName(chain, chain.length - 2, chain.length), undefined);
    // 127 labels are a name; a pointer to itself, forward or without an end is none.
    const longest = Buffer.from(`${'\x01a'.repeat(127)}\0`, 'latin1');
    assert.equal(readName(longest, 0, longest.length)?.length, 253);
    for (const octets of [
      '\xc0\x00',
      '\xc0\x02\x00',
      '\x01a',
      '\x05ab',
      '\xc0',
      '\x40a\x00',
      '\x01.\x00',
      '\x01\\\x00',
      '\x01\xff\x00',
      '',
      `${'\x01a'.repeat(200)}\0`,
    ])
      assert.equal(readName(Buffer.from(octets, 'latin1'), 0, octets.length), undefined, octets);
    assert.equal(readName(Buffer.from('\0'), 0, 1), '.');
  });

  test('with a record of another class, or of another name, is not taken', () => {
    const record = (name: string, data: string, klass = 'IN'): Answer => ({ type: 'A', name, ttl: 60, data, class: klass });
    const octets = encode({
      id: 1,
      type: 'response',
      questions: [{ type: 'A', name: 'example.test' }],
      answers: [record('example.test', '192.0.2.1', 'CH'), record('other.test', '192.0.2.2'), record('Example.TEST', '192.0.2.3')],
    });
    const packet = readPacket(octets);
    assert.ok(packet);
    assert.deepEqual(readAnswer(packet, 'example.test', 'A', true).answer.records, ['192.0.2.3']);
  });

  test('of a server with another version of EDNS has its extended code', () => {
    const octets = encode({
      id: 1,
      type: 'response',
      flags: RECURSION_AVAILABLE,
      questions: [],
      additionals: [{ type: 'OPT', name: '.', udpPayloadSize: 512, extendedRcode: 1 } as Answer],
    });
    assert.equal(readPacket(octets)?.rcode, 'RCODE 16');
  });
});

function readAll(octets: Buffer): void {
  const packet = readPacket(octets);
  if (!packet) return;
  for (const type of TYPE_NAMES) {
    try {
      const { answer, ttlS } = readAnswer(packet, 'example.test', type, true);
      assert.ok(answer.records.length <= 500 && ttlS >= 0 && ttlS <= 86_400);
    } catch (error) {
      assert.ok(error instanceof DnsError);
    }
  }
}

function answers(): fc.Arbitrary<OraclePacket> {
  const name = fc.constantFrom('example.test', 'Example.Test', 'a.example.test', 'b.test', 'x_y.z');
  const text = fc.array(
    fc.uint8Array({ maxLength: 40 }).map((octets) => Buffer.from(octets)),
    { minLength: 1, maxLength: 3 },
  );
  const data = fc.oneof(
    fc.record({ type: fc.constant('A'), data: fc.ipV4() }),
    fc.record({ type: fc.constant('AAAA'), data: fc.constantFrom('::1', '2001:db8::7') }),
    fc.record({ type: fc.constantFrom('CNAME', 'PTR'), data: name }),
    fc.record({ type: fc.constant('TXT'), data: text }),
    fc.record({ type: fc.constant('MX'), data: fc.record({ preference: fc.nat(0xffff), exchange: fc.oneof(name, fc.constant('.')) }) }),
    fc.record({ type: fc.constant('SRV'), data: fc.record({ priority: fc.nat(9), weight: fc.nat(9), port: fc.nat(0xffff), target: name }) }),
    fc.record({
      type: fc.constant('TLSA'),
      data: fc.record({ usage: fc.nat(3), selector: fc.nat(1), matchingType: fc.nat(2), certificate: fc.constant(Buffer.alloc(32, 1)) }),
    }),
  );
  const record: fc.Arbitrary<Answer> = fc.tuple(name, fc.nat(0x7fffffff), data).map(([owner, ttl, rest]) => ({ ...rest, name: owner, ttl }));
  return fc.record({
    id: fc.nat(0xffff),
    type: fc.constant('response' as const),
    flags: fc.constantFrom(RECURSION_AVAILABLE, RECURSION_AVAILABLE | AUTHENTIC_DATA, RECURSION_AVAILABLE | 3, 2),
    questions: fc.constant([{ type: 'TXT', name: 'example.test' }]),
    answers: fc.array(record, { maxLength: 8 }),
    authorities: fc.constantFrom(
      [],
      [{ type: 'SOA', name: 'test', ttl: 60, data: { mname: 'ns.test', rname: 'root.test', serial: 1, refresh: 1, retry: 1, expire: 1, minimum: 30 } }],
    ),
  });
}
