/** Octets by chance, from a fixed seed, over the wire to every door: whole rubbish, and real conversations with some of their octets changed. */
import { after, before, describe, it } from 'node:test';
import { startServer, type TestServer } from '../support/server.ts';
import { unnoticed } from './watch.ts';
import { type DoorName, DOORS, signedIn, Wire } from './wire.ts';

const SEED = 20_261_123;
const ROUNDS = 24;

describe('octets by chance', { timeout: 80_000 }, () => {
  let server: TestServer;
  before(async () => {
    server = await startServer({ accounts: ['ala', 'healthy'], lmtp: true });
  });
  after(() => server[Symbol.asyncDispose]());

  for (const door of DOORS) {
    it(`${door}: rubbish is answered or hung up on, and nothing else happens`, async () => {
      const chance = new Chance(SEED + DOORS.indexOf(door));
      await unnoticed(server, { growthMebibytes: 120 }, async () => {
        for (let round = 0; round < ROUNDS; round++) {
          using wire = await Wire.open(server, door);
          wire.send(rubbish(chance, 1 + chance.below(20_000)));
          wire.end();
          await wire.closed();
        }
      });
    });

    it(`${door}: conversations with wrong octets are answered or hung up on`, async () => {
      const chance = new Chance(SEED * 2 + DOORS.indexOf(door));
      await unnoticed(server, { growthMebibytes: 120 }, async () => {
        // Refused sign-ins take their time: together they take it once.
        const sent = Array.from({ length: ROUNDS }, () => pieces(chance, spoilt(chance, conversation(door))));
        await Promise.all(
          sent.map(async (all) => {
            using wire = await Wire.open(server, door);
            for (const piece of all) wire.send(piece);
            wire.end();
            await wire.closed();
          }),
        );
      });
    });
  }

  for (const door of ['imaps', 'pop3s', 'submissions'] as const) {
    it(`${door}: the same of a client that has signed in`, async () => {
      const chance = new Chance(SEED * 3 + DOORS.indexOf(door));
      await unnoticed(server, { growthMebibytes: 160 }, async () => {
        for (let round = 0; round < ROUNDS; round++) {
          using wire = await signedIn(server, door, 'ala');
          for (const piece of pieces(chance, spoilt(chance, SIGNED_IN[door]))) wire.send(piece);
          wire.end();
          await wire.closed();
        }
      });
    });
  }
});

const MESSAGE =
  'From: ala@capri.test\r\nTo: ala@capri.test\r\nSubject: =?utf-8?q?x?=\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n--b--\r\n';
const SMTP = `MAIL FROM:<ala@capri.test> SIZE=100 BODY=8BITMIME\r\nRCPT TO:<ala@capri.test>\r\nDATA\r\n${MESSAGE}.\r\nMAIL FROM:<>\r\nRCPT TO:<ala@capri.test>\r\nBDAT ${MESSAGE.length} LAST\r\n${MESSAGE}RSET\r\nVRFY ala\r\nNOOP\r\nQUIT\r\n`;
const IMAP = [
  'a SELECT INBOX (CONDSTORE)',
  'b FETCH 1:* (FLAGS ENVELOPE BODYSTRUCTURE BODY.PEEK[1.MIME]<0.100>)',
  'c UID SEARCH RETURN (ALL) OR SUBJECT "x" (NOT SEEN SINCE 1-Jan-2026)',
  `d APPEND INBOX (\\Seen) "01-Jan-2026 10:00:00 +0100" {${MESSAGE.length}+}\r\n${MESSAGE}`,
  'e STORE 1:* +FLAGS.SILENT ($Forwarded \\Flagged)',
  'f UID COPY 1:2 {4+}\r\nSent',
  'g LIST (SUBSCRIBED) "" ("*" "%") RETURN (STATUS (MESSAGES))',
  'h IDLE\r\nDONE',
  'i UID FETCH 1:* (UID) (CHANGEDSINCE 1)',
  'j CREATE "a&AOQ-b/c"',
  'k LOGOUT',
  '',
].join('\r\n');
const POP3 = 'CAPA\r\nSTAT\r\nLIST\r\nUIDL 1\r\nTOP 1 5\r\nRETR 1\r\nDELE 1\r\nRSET\r\nLANG pl\r\nUTF8\r\nNOOP\r\nQUIT\r\n';
const SIGNED_IN = { imaps: IMAP, pop3s: POP3, submissions: SMTP } as const;

function conversation(door: DoorName): string {
  if (door.startsWith('imap')) return `0 CAPABILITY\r\n1 ID ("name" "x")\r\n2 AUTHENTICATE PLAIN\r\nAGFsYQB4\r\n3 LOGIN {3+}\r\nala {1+}\r\nx\r\n${IMAP}`;
  if (door.startsWith('pop3')) return `AUTH PLAIN\r\nAGFsYQB4\r\nUSER ala\r\nPASS x\r\n${POP3}`;
  return `${door === 'lmtp' ? 'LHLO' : 'EHLO'} client.example\r\nAUTH PLAIN\r\nAGFsYQB4\r\n${SMTP}`;
}

/** Octets in several mixtures: of all values, of text, with many line ends. */
function rubbish(chance: Chance, length: number): Buffer {
  const kind = chance.below(3);
  return Buffer.from(
    Array.from({ length }, () => {
      if (kind === 0) return chance.below(256);
      if (chance.below(40) === 0) return chance.below(2) === 0 ? 13 : 10;
      return kind === 1 ? 32 + chance.below(95) : chance.below(256);
    }),
  );
}

/** The conversation with some octets changed, taken out, doubled, and pieces of it moved. */
function spoilt(chance: Chance, text: string): Buffer {
  const octets = [...Buffer.from(text, 'latin1')];
  for (let count = 1 + chance.below(12); count > 0; count--) {
    const at = chance.below(octets.length);
    switch (chance.below(5)) {
      case 0:
        octets[at] = chance.below(256);
        break;
      case 1:
        octets.splice(at, 1 + chance.below(4));
        break;
      case 2:
        octets.splice(at, 0, ...octets.slice(at, at + chance.below(60)));
        break;
      case 3:
        octets.splice(at, 0, chance.pick([0, 10, 13, 34, 40, 41, 92, 123, 255]));
        break;
      default:
        octets.splice(chance.below(octets.length), 0, ...octets.splice(at, chance.below(80)));
    }
  }
  return Buffer.from(octets);
}

/** The octets in a few pieces, as they might come from the network. */
function pieces(chance: Chance, octets: Buffer): readonly Buffer[] {
  const cuts = Array.from({ length: chance.below(4) }, () => chance.below(octets.length)).toSorted((one, other) => one - other);
  return [...cuts, octets.length].map((cut, index, all) => octets.subarray(all[index - 1] ?? 0, cut));
}

/** The same numbers in each run (mulberry32). */
class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }

  pick(choices: readonly number[]): number {
    return choices[this.below(choices.length)] ?? 0;
  }
}
