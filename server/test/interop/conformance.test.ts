/** Scripts that people outside the project wrote, run whole against a real server: IMAP conversations, SMTP smuggling, and real mail programs end to end. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { bridgeTo } from '../support/bridge.ts';
import { conformance, conformanceData, needs, program, run } from '../support/outside.ts';
import { startServer } from '../support/server.ts';

test('all IMAP conversation scripts pass', { ...needs(conformanceData('imap')), timeout: 600_000 }, async () => {
  const scripts = 41;
  const accounts = Array.from({ length: scripts }, (_, index) => [`mpt${index + 1}`, `mpt${index + 1}b`]).flat();
  await using server = await startServer({ accounts });
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'capri-imap-'));
  try {
    fs.cpSync(conformance('imap') ?? '', folder, { recursive: true });
    fs.chmodSync(path.join(folder, 'scripts'), 0o755);
    // The scripts of the selected state begin in a mailbox with four messages, made by a script that the collection leaves out.
    const setup = path.join(folder, 'scripts', 'SelectedStateSetup.test');
    if (!fs.existsSync(setup)) fs.writeFileSync(setup, selectedStateSetup());
    const { output } = await run(
      process.execPath,
      [
        'run.mjs',
        '--host',
        '127.0.0.1',
        '--port',
        String(server.ports.imap),
        '--starttls',
        '--user-pattern',
        `mpt{n}@${server.domain}`,
        '--pass',
        server.password,
        '--manifest',
        'manifest.json',
        '--sep',
        '/',
        'scripts',
      ],
      { cwd: folder, timeoutMs: 500_000 },
    );
    assert.doesNotMatch(output, /^FAIL/m, output.slice(-6000));
    assert.match(output, new RegExp(`^${scripts} passed, 0 failed$`, 'm'), output.slice(-3000));
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
});

test('no sequence that smuggles a second message gets through, at any door', { ...needs(conformanceData('smtp')), timeout: 300_000 }, async () => {
  await using server = await startServer({ accounts: ['ala'], lmtp: true });
  await using lmtp = await bridgeTo({ socket: server.lmtpSocket });
  await using submissions = await bridgeTo({ tlsPort: server.ports.submissions });
  const recipient = `ala@${server.domain}`;
  const doors = {
    smtp: [String(server.ports.smtp), recipient],
    lmtp: [String(lmtp.port), recipient, '--lmtp'],
    submissions: [String(submissions.port), recipient, '--auth', `ala:${server.password}`],
  };
  const results = await Promise.all(
    Object.entries(doors).map(async ([door, arguments_]) => {
      const { output } = await run(process.execPath, ['smuggling.mjs', '127.0.0.1', ...arguments_], { cwd: conformance('smtp') ?? '' });
      return `${door}: ${output.trim().split('\n').at(-1)}`;
    }),
  );
  // On submission the tester's sender is not the account's own: what it sends is refused from the start, and nothing behind it runs.
  assert.deepEqual(results, ['smtp: 12 passed, 0 failed', 'lmtp: 12 passed, 0 failed', 'submissions: 12 passed, 0 failed']);
});

/** What the scripts expect to find: a mailbox `selected` with messages Test 01 to Test 04 of 254 octets, selected. */
function selectedStateSetup(): string {
  const appends = [1, 2, 3, 4].map((number) => {
    const subject = `Test 0${number}`;
    const message = [
      'Date: Mon, 7 Feb 1994 21:52:25 -0800 (PST)',
      'From: Fred Foobar <foobar@Blurdybloop.COM>',
      `Subject: ${subject}`,
      'To: mooch@owatagu.siam.edu',
      'Message-Id: <B27397-0100000@Blurdybloop.COM>',
      'MIME-Version: 1.0',
      'Content-Type: TEXT/PLAIN; CHARSET=US-ASCII',
      '',
      subject,
      '',
    ];
    const octets = message.join('\r\n').length;
    return [`C: p${number} APPEND selected {${octets}+}`, ...message.map((line) => `C: ${line}`.trimEnd()), `S: p${number} OK .*`].join('\n');
  });
  return ['C: p0 CREATE selected', 'S: p0 OK .*', ...appends, 'C: p9 SELECT selected', 'S: \\* 4 EXISTS', 'S: p9 OK .*', ''].join('\n\n');
}

const CLIENTS = [
  { script: 'curl', programs: ['curl'] },
  { script: 'mbsync', programs: ['mbsync', 'curl', 'openssl'] },
  { script: 'offlineimap', programs: ['offlineimap', 'curl', 'openssl'] },
  { script: 'fetchmail', programs: ['fetchmail', 'getmail', 'curl'] },
  { script: 'swaks', programs: ['swaks'] },
  { script: 'neomutt', programs: ['neomutt', 'msmtp', 'curl', 'openssl', 'script'] },
] as const;

test('real mail programs do their work', { timeout: 900_000 }, async (t) => {
  await using server = await startServer({ accounts: ['ala', 'olek'] });
  for (const { script, programs } of CLIENTS) {
    await t.test(script, needs(conformanceData('clients'), ...programs.map(program)), async () => {
      const work = fs.mkdtempSync(path.join(os.tmpdir(), 'capri-client-'));
      try {
        const { status, output } = await run('bash', [path.join(conformance('clients') ?? '', `${script}.sh`)], {
          env: {
            HOST: '127.0.0.1',
            USER1: `ala@${server.domain}`,
            USER2: `olek@${server.domain}`,
            PASS: server.password,
            IMAP_PORT: String(server.ports.imap),
            IMAPS_PORT: String(server.ports.imaps),
            POP3_PORT: String(server.ports.pop3),
            POP3S_PORT: String(server.ports.pop3s),
            SMTP_PORT: String(server.ports.smtp),
            SUBMISSION_PORT: String(server.ports.submission),
            SUBMISSIONS_PORT: String(server.ports.submissions),
            WORK: work,
          },
          timeoutMs: 400_000,
        });
        assert.doesNotMatch(output, /^FAIL/m, output);
        assert.equal(status, 0, output);
      } finally {
        fs.rmSync(work, { recursive: true, force: true });
      }
    });
  }
});
