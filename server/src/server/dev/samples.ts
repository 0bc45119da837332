/**
 * Sample mail for `capri dev`: a few messages such as people really get. Each is a file in samples/, in which `{date}` stands for its date and
 * `{map.png}`, `{invoice.pdf}` for attachments made here.
 */
import fs from 'node:fs';
import path from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import { ANSWERED, bit, FLAGGED, SEEN } from '#store/flags.ts';

export interface Sample {
  readonly login: string;
  readonly mailbox: string;
  readonly file: string;
  readonly hoursAgo: number;
  readonly flags: number;
}

const seen = bit(SEEN);

export const SAMPLES: readonly Sample[] = [
  { login: 'jan', mailbox: 'INBOX', file: 'welcome.eml', hoursAgo: 72, flags: seen },
  { login: 'jan', mailbox: 'INBOX', file: 'hike-1.eml', hoursAgo: 50, flags: seen + bit(ANSWERED) },
  { login: 'jan', mailbox: 'Sent', file: 'hike-2.eml', hoursAgo: 47, flags: seen },
  { login: 'jan', mailbox: 'INBOX', file: 'invoice.eml', hoursAgo: 30, flags: seen + bit(FLAGGED) },
  { login: 'jan', mailbox: 'INBOX', file: 'newsletter.eml', hoursAgo: 26, flags: 0 },
  { login: 'jan', mailbox: 'INBOX', file: 'latin2.eml', hoursAgo: 20, flags: 0 },
  { login: 'jan', mailbox: 'INBOX', file: 'question.eml', hoursAgo: 5, flags: 0 },
  { login: 'jan', mailbox: 'INBOX', file: 'hike-3.eml', hoursAgo: 2, flags: 0 },
  { login: 'anna', mailbox: 'Sent', file: 'hike-1.eml', hoursAgo: 50, flags: seen },
  { login: 'anna', mailbox: 'INBOX', file: 'hike-2.eml', hoursAgo: 47, flags: seen + bit(ANSWERED) },
  { login: 'anna', mailbox: 'INBOX', file: 'question.eml', hoursAgo: 5, flags: 0 },
  { login: 'anna', mailbox: 'Sent', file: 'hike-3.eml', hoursAgo: 2, flags: seen },
];

/** A sample as octets with CRLF line ends, dated. */
export function readSample(file: string, dateMs: number): Buffer {
  const text = fs.readFileSync(path.join(import.meta.dirname, 'samples', file), 'utf8');
  const filled = text
    .replace('{date}', mailDate(dateMs))
    .replace('{map.png}', () => base64(mapPicture()))
    .replace('{invoice.pdf}', () => base64(invoiceDocument()));
  return Buffer.from(filled.replaceAll('\n', '\r\n'));
}

/** RFC 5322 §3.3, in UTC. */
function mailDate(dateMs: number): string {
  return new Date(dateMs).toUTCString().replace('GMT', '+0000');
}

function base64(bytes: Uint8Array): string {
  return (
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,76}/g) ?? []
  ).join('\n');
}

/** A picture of 64 by 64 pixels: a ridge under a pale sky. */
function mapPicture(): Buffer {
  const size = 64;
  const rows = Buffer.alloc(size * (1 + size * 3));
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const ridge = 30 + 12 * Math.sin(x / 7) + 6 * Math.sin(x / 3 + 1);
      const pixel = y < ridge ? [206, 226, 240] : y < ridge + 8 ? [240, 244, 246] : [78, 110, 84];
      rows.set(pixel, y * (1 + size * 3) + 1 + x * 3);
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  // Eight bits a channel, true colour.
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', header), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}

/** One page of PDF. */
function invoiceDocument(): Buffer {
  const content = 'BT /F1 18 Tf 72 760 Td (Invoice 2026/1187) Tj 0 -40 Td /F1 12 Tf (Total: 22.50 EUR) Tj ET';
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>',
    `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  ];
  let text = '%PDF-1.4\n';
  const offsets: number[] = [];
  for (const [index, object] of objects.entries()) {
    offsets.push(text.length);
    text += `${index + 1} 0 obj\n${object}\nendobj\n`;
  }
  const table = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  return Buffer.from(
    `${text}xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${table}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${text.length}\n%%EOF\n`,
  );
}
