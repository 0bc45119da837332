/**
 * A full disk, on a small tmpfs: new mail is refused for the time being (452, NO [UNAVAILABLE]), nothing acknowledged is lost, expunging works, and when there is
 * room again the server takes mail without being touched. Once stopped by the free-space mark, once by the disk itself.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { ImapClient, SmtpClient } from '../support/line-client.ts';
import { needs } from '../support/outside.ts';
import { startServer, type TestServer } from '../support/server.ts';

const options = { ...needs({ name: 'root, to mount a tmpfs', isThere: process.getuid?.() === 0 }), timeout: 300_000 };

for (const [how, mark] of [
  ['at the free-space mark', '6M'],
  ['when the disk has no octet left', '0'],
] as const) {
  test(`mail is refused and kept safe ${how}`, options, async () => {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'capri-full-'));
    assert.equal(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=96m', 'tmpfs', directory]).status, 0);
    try {
      await using server = await startServer({ directory, accounts: ['ala'], config: `[store]\nfree_space_mark = "${mark}"\n` });
      const ballast = path.join(directory, 'ballast');
      fs.writeFileSync(ballast, Buffer.alloc(40 * 1024 * 1024));
      const accepted = await fill(server);
      assert.ok(accepted.length > 20, `${accepted.length} were accepted before the disk was full`);

      const imap = await ImapClient.connect(server.ports.imaps, 'ala', server.password);
      const append = await imap.command('APPEND INBOX', message('appended', 300_000));
      assert.match(append.tagged, /^NO \[UNAVAILABLE\]/, append.tagged);
      await imap.command('SELECT INBOX');
      assert.deepEqual(await subjects(imap), accepted);

      // Deleting must work, or nobody could ever make room.
      const [first = '', second = '', ...rest] = accepted;
      assert.ok((await imap.command('STORE 1:2 +FLAGS.SILENT (\\Deleted)')).isOk);
      assert.match((await imap.command('EXPUNGE')).tagged, /^OK/);
      assert.deepEqual(await subjects(imap), rest, `${first} and ${second} are gone`);

      fs.rmSync(ballast);
      const smtp = await SmtpClient.connect(server.ports.smtp, { tls: false });
      await eventually(async () => (await smtp.deliver('s@outside.example', [`ala@${server.domain}`], message('later', 50_000))).isOk);
      smtp.close();
      await imap.command('NOOP');
      assert.deepEqual(await subjects(imap), [...rest, 'later']);
      imap.close();
      // Killed and started again, everything is as it was acknowledged.
      await server.kill();
      await server.start();
      const again = await ImapClient.connect(server.ports.imaps, 'ala', server.password);
      await again.command('SELECT INBOX');
      assert.deepEqual(await subjects(again), [...rest, 'later']);
      again.close();
    } finally {
      spawnSync('umount', ['-l', directory]);
      fs.rmSync(directory, { recursive: true, force: true });
    }
  });
}

/** Delivers until the server has refused several in a row; returns the subjects of those accepted, in order. */
async function fill(server: TestServer): Promise<string[]> {
  const accepted: string[] = [];
  const smtp = await SmtpClient.connect(server.ports.smtp, { tls: false });
  let refused = 0;
  for (let number = 0; refused < 5 && number < 2000; number++) {
    const subject = `m${number}`;
    const reply = await smtp.deliver('s@outside.example', [`ala@${server.domain}`], message(subject, number % 3 === 0 ? 400_000 : 30_000));
    if (reply.isOk) accepted.push(subject);
    else {
      refused++;
      assert.match(reply.lines.at(-1) ?? '', /^452 4\.3\.1 /);
    }
  }
  assert.equal(refused, 5, 'the disk was full at last');
  smtp.close();
  return accepted;
}

async function subjects(imap: ImapClient): Promise<string[]> {
  const { untagged } = await imap.command('FETCH 1:* (BODY.PEEK[HEADER.FIELDS (SUBJECT)])');
  return untagged.flatMap((line) => /Subject: (\w+)/.exec(line)?.[1] ?? []);
}

async function eventually(attempt: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if (await attempt()) return;
    await pause(100);
  }
  assert.fail('mail was still refused 10 s after there was room again');
}

function message(subject: string, size: number): string {
  const lines = Array.from({ length: Math.ceil(size / 72) }, () => 'y'.repeat(70));
  return [`From: s@outside.example`, `Subject: ${subject}`, `Message-ID: <${subject}@outside.example>`, '', ...lines].join('\r\n');
}
