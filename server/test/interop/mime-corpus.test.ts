/**
 * Real and broken messages of other people's test suites, delivered over SMTP and read back over IMAP and POP3: identical to what was sent, but for the line
 * ends that every sender normalises (LF becomes CRLF, the last line is ended).
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { ImapClient, Pop3Client, SmtpClient } from '../support/line-client.ts';
import { conformance, conformanceData, needs } from '../support/outside.ts';
import { startServer } from '../support/server.ts';

const folder = conformance('mime');

test('every message of the corpus comes back identical over IMAP and POP3', { ...needs(conformanceData('mime')), timeout: 300_000 }, async () => {
  await using server = await startServer({ accounts: ['ala'] });
  const files = fs
    .readdirSync(folder ?? '', { recursive: true, encoding: 'utf8' })
    .filter((name) => fs.statSync(path.join(folder ?? '', name)).isFile() && !/(^|\/)(LICENSE|README|index)/i.test(name))
    .toSorted();
  const sent = new Map<string, { readonly file: string; readonly text: string }>();
  const refused: string[] = [];
  const smtp = await SmtpClient.connect(server.ports.smtp, { tls: false });
  for (const [index, file] of files.entries()) {
    const text = asSent(fs.readFileSync(path.join(folder ?? '', file)).toString('latin1'));
    // A marker of the test's own in front, so that each is known again whatever its header looks like.
    const marked = `X-Corpus: ${index}\r\n${text}`;
    const reply = await smtp.deliver('corpus@outside.example', [`ala@${server.domain}`], marked.replaceAll(/^\./gm, '..').slice(0, -2));
    if (reply.isOk) sent.set(String(index), { file, text: marked });
    else refused.push(`${file}: ${reply.lines.join(' ')}`);
  }
  smtp.close();
  assert.deepEqual(
    refused.filter((line) => !/50\d|55\d/.test(line)),
    [],
    'refusals are permanent and have a reason',
  );
  assert.ok(sent.size > 100, `only ${sent.size} of ${files.length} were accepted: ${refused.join('\n')}`);

  const imap = await ImapClient.connect(server.ports.imaps, 'ala', server.password);
  await imap.command('SELECT INBOX');
  const wrong: string[] = [];
  for (let number = 1; number <= sent.size; number++) {
    const { untagged, isOk } = await imap.command(`FETCH ${number} (RFC822.SIZE ENVELOPE BODYSTRUCTURE BODY.PEEK[])`);
    const response = untagged.find((line) => line.startsWith(`${number} FETCH`) || line.startsWith(`* ${number} FETCH`)) ?? '';
    const literal = [...response.matchAll(/BODY\[\] \{(\d+)\}\r\n/g)].at(-1);
    const body = literal ? response.slice((literal.index ?? 0) + literal[0].length).slice(0, Number(literal[1])) : '';
    const size = /RFC822\.SIZE (\d+)/.exec(response)?.[1];
    if (!isOk || Number(size) !== body.length) wrong.push(`message ${number}: size ${size}, body ${body.length}`);
    compare(body, sent, wrong, 'IMAP');
  }
  imap.close();

  const pop3 = await Pop3Client.connect(server.ports.pop3s, 'ala', server.password);
  for (let number = 1; number <= sent.size; number++) {
    const { lines } = await pop3.command(`RETR ${number}`, { multiline: true });
    compare(`${lines.slice(1).join('\r\n')}\r\n`, sent, wrong, 'POP3');
  }
  pop3.close();
  assert.deepEqual(wrong, []);
});

/** LF to CRLF, bare CR to CRLF, the last line ended; no NUL, which no line of SMTP may carry. */
function asSent(text: string): string {
  const lines = text.replaceAll('\0', '').replaceAll(/\r\n|\r|\n/g, '\r\n');
  return lines.endsWith('\r\n') ? lines : `${lines}\r\n`;
}

function compare(received: string, sent: ReadonlyMap<string, { readonly file: string; readonly text: string }>, wrong: string[], door: string): void {
  const at = received.search(/^X-Corpus: /m);
  const number = /^X-Corpus: (\d+)/m.exec(received)?.[1] ?? '';
  const original = sent.get(number);
  if (!original) wrong.push(`${door}: a message without the marker, ${received.slice(0, 80)}`);
  else if (received.slice(at) !== original.text) wrong.push(`${door}: ${original.file} differs (${received.length - at} octets, sent ${original.text.length})`);
}
