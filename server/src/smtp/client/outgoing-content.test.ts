import { equal, match, ok } from 'node:assert/strict';
import { test } from 'node:test';
import type { OutboundMessage } from '#queue/transport.ts';
import { Conversions } from './conversions.ts';
import { contentFor } from './outgoing-content.ts';

const MIB = 2 ** 20;

test('messages that wait for slow servers of seven bits hold no more memory together than there is for them', async () => {
  const conversions = new Conversions({ large: 20 * MIB, small: 20 * MIB, patienceMs: 10 });
  const first = await contentFor(message(4 * MIB), false, conversions);
  ok(typeof first === 'object');
  equal(first.isEightBit, false);
  equal(await contentFor(message(4 * MIB), false, conversions), 'busy');
  // What is not converted lies in the store.
  equal(typeof (await contentFor(message(4 * MIB), true, conversions)), 'object');
  first[Symbol.dispose]();
  const second = await contentFor(message(4 * MIB), false, conversions);
  ok(typeof second === 'object');
  match(Buffer.from(await second.read(0, 400)).toString(), /Content-Transfer-Encoding: quoted-printable\r\n/);
});

test('a message that cannot be converted, or not be read, holds nothing', async () => {
  const conversions = new Conversions({ large: 20 * MIB, small: 20 * MIB, patienceMs: 10 });
  const signed = Buffer.from('Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\n\xe9\r\n--b--\r\n', 'latin1');
  for (let n = 0; n < 10; n++) {
    equal(await contentFor({ ...message(4 * MIB), read: () => Promise.resolve(signed) }, false, conversions), 'misfit');
    equal(await contentFor({ ...message(4 * MIB), read: () => Promise.reject(new Error('gone')) }, false, conversions).catch(String), 'Error: gone');
  }
  equal(typeof (await contentFor(message(4 * MIB), false, conversions)), 'object');
});

function message(sizeBytes: number): OutboundMessage {
  const header = Buffer.from('Content-Type: text/plain; charset=iso-8859-1\r\n\r\n');
  const octets = Buffer.concat([header, Buffer.from('caf\xe9 and tea for two\r\n'.repeat(Math.ceil(sizeBytes / 23)), 'latin1')]).subarray(0, sizeBytes);
  return {
    sender: 'jan@here.test',
    recipients: [],
    sizeBytes,
    isEightBit: true,
    smtpUtf8: false,
    ret: undefined,
    envelopeId: undefined,
    read: (start, length) => Promise.resolve(octets.subarray(start, start + length)),
  };
}
