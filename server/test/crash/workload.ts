/**
 * The clients of the crash test: two that deliver (to one and to three recipients), one that moves, flags, expunges and appends over IMAP, one that
 * downloads and deletes over POP3. They write down in the ledger what the server acknowledged, and stop when the line breaks.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { ConnectionLost, ImapClient, Pop3Client, SmtpClient } from '../support/line-client.ts';
import { ABSENT, type Ledger, type MessageState } from './ledger.ts';

export interface Target {
  readonly smtpPort: number;
  readonly imapsPort: number;
  readonly pop3sPort: number;
  readonly domain: string;
  readonly password: string;
}

/** The account that the IMAP client works in, the one that POP3 empties, and one that only receives. */
export const ACCOUNTS = { imap: 'ida', pop3: 'pola', quiet: 'cicha' } as const;
const MAILBOXES = ['INBOX', 'Archive'] as const;
/** Enough mail to work with; more would only slow the checks. */
const LIVE_LIMIT = 240;

/** Runs all clients until the server goes away or the signal aborts. Throws what is neither. */
export async function runWorkload(target: Target, ledger: Ledger, random: () => number, signal: AbortSignal): Promise<void> {
  const clients = [
    deliverer(target, ledger, random, signal, 'd'),
    deliverer(target, ledger, random, signal, 'e'),
    imapWorker(target, ledger, random, signal),
    pop3Worker(target, ledger, random, signal),
  ];
  for (const outcome of await Promise.allSettled(clients)) {
    if (outcome.status === 'rejected' && !(outcome.reason instanceof ConnectionLost) && !signal.aborted) throw outcome.reason as Error;
  }
}

let serial = 0;
function message(token: string, to: string, random: () => number): string {
  const lines = Array.from({ length: 1 + Math.floor(random() * 60) }, (_, index) => `line ${index} of ${token} ${'.'.repeat(60)}x`);
  return [
    `From: sender@outside.example`,
    `To: ${to}`,
    `Subject: ${token}`,
    `Message-ID: <${token}@outside.example>`,
    'Date: Mon, 23 Nov 2026 12:00:00 +0000',
    '',
    ...lines,
  ].join('\r\n');
}

async function deliverer(target: Target, ledger: Ledger, random: () => number, signal: AbortSignal, name: string): Promise<void> {
  const client = await SmtpClient.connect(target.smtpPort, { tls: false });
  try {
    while (!signal.aborted) {
      if (ledger.liveCount > LIVE_LIMIT) {
        await pause(5);
        continue;
      }
      const token = `${name}${++serial}`;
      const all = Object.values(ACCOUNTS);
      const accounts = random() < 0.3 ? all : [all[Math.floor(random() * 2)] ?? ACCOUNTS.imap];
      await ledger.change(accounts, token, 'INBOX', async () => {
        const reply = await client.deliver(
          'sender@outside.example',
          accounts.map((account) => `${account}@${target.domain}`),
          message(token, accounts.join(), random),
        );
        return reply.isOk;
      });
    }
  } finally {
    client.close();
  }
}

async function imapWorker(target: Target, ledger: Ledger, random: () => number, signal: AbortSignal): Promise<void> {
  const account = ACCOUNTS.imap;
  const client = await ImapClient.connect(target.imapsPort, account, target.password);
  try {
    while (!signal.aborted) {
      const mailbox = random() < 0.7 ? 'INBOX' : 'Archive';
      await client.command(`SELECT ${mailbox}`);
      for (const { uid, token, state } of (await listSelected(client, mailbox)).slice(0, 12)) {
        if (signal.aborted) break;
        if (ledger.stateOf(account, token) !== state) continue;
        const other = mailbox === 'INBOX' ? 'Archive' : 'INBOX';
        const flagged = state.endsWith(' flagged');
        const choice = random();
        if (choice < 0.3)
          await ledger.change(
            [account],
            token,
            `${mailbox}${flagged ? '' : ' flagged'}`,
            async () => (await client.command(`UID STORE ${uid} ${flagged ? '-' : '+'}FLAGS.SILENT (\\Flagged)`)).isOk,
          );
        else if (choice < 0.6)
          await ledger.change([account], token, `${other}${flagged ? ' flagged' : ''}`, async () => (await client.command(`UID MOVE ${uid} ${other}`)).isOk);
        else if (choice < 0.9) {
          const marked = await client.command(`UID STORE ${uid} +FLAGS.SILENT (\\Deleted)`);
          if (marked.isOk) await ledger.change([account], token, ABSENT, async () => (await client.command(`UID EXPUNGE ${uid}`)).isOk);
        }
      }
      const token = `a${++serial}`;
      if (ledger.liveCount < LIVE_LIMIT)
        await ledger.change([account], token, 'INBOX', async () => (await client.command('APPEND INBOX', message(token, account, random))).isOk);
      // A mailbox that only receives must not fill the ledger.
      if (ledger.settledIn(ACCOUNTS.quiet, 'INBOX').length > 60) await empty(target, ledger, ACCOUNTS.quiet);
    }
  } finally {
    client.close();
  }
}

async function pop3Worker(target: Target, ledger: Ledger, random: () => number, signal: AbortSignal): Promise<void> {
  const account = ACCOUNTS.pop3;
  while (!signal.aborted) {
    const client = await Pop3Client.connect(target.pop3sPort, account, target.password);
    try {
      const { lines } = await client.command('LIST', { multiline: true });
      const tokens: string[] = [];
      for (const [number] of lines.slice(1, 9).map((line) => line.split(' '))) {
        const { lines: text, isOk } = await client.command(`RETR ${number}`, { multiline: true });
        const token = tokenOf(text.join('\n'));
        if (!isOk || token === undefined || ledger.stateOf(account, token) !== 'INBOX') continue;
        if ((await client.command(`DELE ${number}`)).isOk) tokens.push(token);
      }
      // The deletions of one session are one change: QUIT acknowledges them all.
      const quit = client.command('QUIT');
      await Promise.all(tokens.map((token) => ledger.change([account], token, ABSENT, async () => (await quit).isOk)));
      await quit;
    } finally {
      client.close();
    }
    await pause(random() * 20);
  }
}

/** Deletes an account's mail through IMAP. */
async function empty(target: Target, ledger: Ledger, account: string): Promise<void> {
  const tokens = ledger.settledIn(account, 'INBOX');
  const client = await ImapClient.connect(target.imapsPort, account, target.password);
  try {
    await client.command('SELECT INBOX');
    const listed = (await listSelected(client, 'INBOX')).filter(({ token }) => tokens.includes(token));
    if (listed.length === 0) return;
    await client.command(`UID STORE ${listed.map(({ uid }) => uid).join()} +FLAGS.SILENT (\\Deleted)`);
    const expunged = client.command(`UID EXPUNGE ${listed.map(({ uid }) => uid).join()}`);
    await Promise.all(listed.map(({ token }) => ledger.change([account], token, ABSENT, async () => (await expunged).isOk)));
  } finally {
    client.close();
  }
}

/** What an account holds now: token to the states of its copies. */
export async function inventory(target: Target, account: string): Promise<Map<string, MessageState[]>> {
  const client = await ImapClient.connect(target.imapsPort, account, target.password);
  const found = new Map<string, MessageState[]>();
  try {
    for (const mailbox of MAILBOXES) {
      await client.command(`EXAMINE ${mailbox}`);
      for (const { token, state } of await listSelected(client, mailbox)) found.set(token, [...(found.get(token) ?? []), state]);
    }
  } finally {
    client.close();
  }
  return found;
}

async function listSelected(client: ImapClient, mailbox: string): Promise<Array<{ uid: string; token: string; state: MessageState }>> {
  const { untagged } = await client.command('UID FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])');
  return untagged.flatMap((line) => {
    const uid = /\bUID (\d+)/.exec(line)?.[1];
    const token = tokenOf(line);
    if (uid === undefined || token === undefined) return [];
    return [{ uid, token, state: line.includes('\\Flagged') ? `${mailbox} flagged` : mailbox }];
  });
}

function tokenOf(text: string): string | undefined {
  return /Subject: (\w+)/i.exec(text)?.[1];
}
