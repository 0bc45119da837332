import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OutboundMessage } from '#queue/transport.ts';
import { mailCommand, recipientCommand } from './commands.ts';
import { type PeerCapabilities, readCapabilities } from './peer-capabilities.ts';

const offering = (...words: readonly string[]): PeerCapabilities => readCapabilities({ code: 250, enhanced: undefined, lines: ['mx', ...words] });

test('a server that does not know the time limit is asked to tell of delays, while there is time left', () => {
  const told = (seconds: number, mode: 'N' | 'R', notify: readonly string[] | undefined, ...words: readonly string[]): string =>
    recipientCommand({ address: 'a@b.test', notify, originalRecipient: undefined }, messageBy(seconds, mode), offering(...words))
      .replace('RCPT TO:<a@b.test>', '')
      .trim();
  assert.deepEqual(
    [undefined, ['SUCCESS'], ['DELAY', 'FAILURE'], ['NEVER']].map((notify) => told(60, 'N', notify, 'DSN')),
    ['NOTIFY=FAILURE,DELAY', 'NOTIFY=SUCCESS,DELAY', 'NOTIFY=DELAY,FAILURE', 'NOTIFY=NEVER'],
  );
  assert.deepEqual([told(-1, 'N', undefined, 'DSN'), told(60, 'N', undefined, 'DSN', 'DELIVERBY'), told(60, 'N', undefined)], ['', '', '']);
});

test('the time that is left is passed on, also where it is over', () => {
  assert.equal(mailCommand(messageBy(-5, 'N'), offering('DELIVERBY 30'), facts), 'MAIL FROM:<jan@here.test> BY=-5;N\r\n');
  assert.equal(mailCommand(messageBy(98, 'R'), offering('DELIVERBY', 'MT-PRIORITY MIXER'), facts), 'MAIL FROM:<jan@here.test> BY=98;R MT-PRIORITY=4\r\n');
});

const facts = { sizeBytes: 100, isEightBit: false, isSecure: true };

function messageBy(seconds: number, mode: 'N' | 'R'): OutboundMessage {
  return {
    sender: 'jan@here.test',
    recipients: [],
    sizeBytes: 100,
    isEightBit: false,
    smtpUtf8: false,
    ret: undefined,
    envelopeId: undefined,
    mtPriority: 4,
    deliverBy: { seconds, mode, isTraced: false },
    read: () => Promise.resolve(new Uint8Array(0)),
  };
}
