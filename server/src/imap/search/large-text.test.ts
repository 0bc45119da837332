import { deepEqual, ok } from 'node:assert/strict';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { test } from 'node:test';
import { fold } from '#message/fold.ts';
import { prepareMessage } from '#message/prepare.ts';
import { decodeStructure } from '#message/structure.ts';
import { searchableText } from '#message/text.ts';
import { Pace } from '../fetch/pace.ts';
import { findInLarge } from './large-text.ts';
import { LargeTextWorker } from './large-text-worker.ts';

const WORDS = ['gęślą', 'jaźń', 'lorem', 'ipsum', '<b>dolor</b>', '&amp;', 'żółw', 'kwarc', 'amet \r\n'];
const NEEDLES = ['zolw', 'dolor &', 'needle one', 'file-name', 'attached subject', 'nowhere', 'kwarc amet', 'gesla kwarc'];

test('what is found part by part and in the other thread is what is in the whole text', async () => {
  const worker = new LargeTextWorker();
  for (const bytes of [1_000, 200_000, 1_500_000]) {
    const message = messageWith(bytes);
    const structure = decodeStructure(prepareMessage(message).structure);
    const whole = fold(searchableText(structure, message));
    const found = await findInLarge(structure, { read: reader(message), needles: new Set(NEEDLES), worker, pace: new Pace() });
    deepEqual([...found].sort(), NEEDLES.filter((needle) => whole.includes(needle)).sort());
    ok(found.has('needle one') && found.has('file-name') && found.has('attached subject') && !found.has('nowhere'));
  }
});

test('megabytes of text hold nobody up', async () => {
  const worker = new LargeTextWorker();
  const message = messageWith(8_000_000);
  const structure = decodeStructure(prepareMessage(message).structure);
  const search = { read: reader(message), needles: new Set(['nowhere']), worker, pace: new Pace() };
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const startMs = performance.now();
  const [first, second] = await Promise.all([findInLarge(structure, search), findInLarge(structure, search)]);
  const tookMs = performance.now() - startMs;
  delay.disable();
  deepEqual([first.size, second.size], [0, 0]);
  // Most of the time goes to the other thread; a machine that is busy may pause this one all the same.
  ok(delay.percentile(90) / 1e6 < Math.max(20, tookMs / 10), `90 % of delays below ${delay.percentile(90) / 1e6} ms of ${tookMs} ms`);
});

/** Texts in three encodings, one with a file name, and an attached message. */
function messageWith(bytes: number): Buffer {
  const html = Array.from({ length: Math.ceil(bytes / 30) }, (_, i) => WORDS[(i * 7 + (i >> 3)) % WORDS.length]).join(' ');
  const quoted = Buffer.from(`${html} needle one`)
    .toString('latin1')
    .replace(/[=\x80-\xff]/g, (char) => `=${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replace(/.{60}(?!=)/g, '$&=\r\n');
  const base64 = Buffer.from(html, 'utf8').toString('base64').replace(/.{76}/g, '$&\r\n');
  const part = (type: string, encoding: string, body: string, more = ''): string =>
    `--b\r\nContent-Type: ${type}; charset=utf-8${more}\r\nContent-Transfer-Encoding: ${encoding}\r\n\r\n${body}\r\n`;
  return Buffer.from(
    `Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n${part('text/html', '8bit', html)}${part('text/plain', 'quoted-printable', quoted)}` +
      `${part('text/plain', 'base64', base64, '; name="file-name.txt"')}--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: attached subject\r\n\r\n${html}\r\n--b--\r\n`,
  );
}

function reader(message: Buffer): (start: number, end: number) => Promise<Buffer> {
  return (start, end) => Promise.resolve(message.subarray(start, end));
}
