/** A small IMAP client for tests: sends commands, gives back replies with their literals in place. */
import assert from 'node:assert/strict';
import { LineClient } from './net.ts';

export interface Reply {
  /** `OK [COPYUID ...] done`: without the tag. */
  readonly tagged: string;
  /** Without `* `; literals in place as `{3}` CRLF and octets; one character an octet. */
  readonly untagged: readonly string[];
}

export class ImapClient implements Disposable {
  readonly line: LineClient;
  tagNumber = 0;

  private constructor(line: LineClient) {
    this.line = line;
  }

  /** Connects over TLS and signs in. */
  static async signIn(port: number, login: string, password: string): Promise<ImapClient> {
    const client = new ImapClient(await LineClient.tls(port));
    await client.line.line();
    await client.ok(`LOGIN ${login} ${password}`);
    return client;
  }

  /** Sends a command (one character an octet) and waits for its end. */
  async command(text: string): Promise<Reply> {
    const tag = `t${++this.tagNumber}`;
    this.line.send(`${tag} ${text}\r\n`);
    const untagged: string[] = [];
    for (;;) {
      const reply = await this.#reply();
      if (reply.startsWith(`${tag} `)) return { tagged: reply.slice(tag.length + 1), untagged };
      assert.match(reply, /^(\*|\+) /);
      untagged.push(reply.slice(2));
    }
  }

  /** The same for a command that must succeed. */
  async ok(text: string): Promise<readonly string[]> {
    const { tagged, untagged } = await this.command(text);
    assert.match(tagged, /^OK/, text.slice(0, 200));
    return untagged;
  }

  /** APPEND; returns the uids of APPENDUID. */
  async append(mailbox: string, messages: readonly string[]): Promise<string> {
    const { tagged } = await this.command(`APPEND ${mailbox} ${messages.map((message) => `{${message.length}+}\r\n${message}`).join(' ')}`);
    const match = /^OK \[APPENDUID \d+ ([\d:,]+)\]/.exec(tagged);
    assert.ok(match, tagged);
    return match[1] ?? '';
  }

  /** The octets of the one literal (or string) behind a label in a FETCH reply. */
  static literal(reply: string, label: string): string {
    const start = reply.indexOf(`${label} `);
    assert.ok(start >= 0, `${label} is missing: ${reply.slice(0, 200)}`);
    const rest = reply.slice(start + label.length + 1);
    if (rest.startsWith('""')) return '';
    const match = /^~?\{(\d+)\}\r\n/.exec(rest);
    assert.ok(match, `${label} has no literal: ${rest.slice(0, 100)}`);
    return rest.slice(match[0].length, match[0].length + Number(match[1]));
  }

  [Symbol.dispose](): void {
    this.line[Symbol.dispose]();
  }

  async #reply(): Promise<string> {
    const pieces: string[] = [];
    for (;;) {
      const line = await this.line.line();
      pieces.push(line);
      const literal = /\{(\d+)\}$/.exec(line);
      if (literal === null) return pieces.join('');
      pieces.push('\r\n', await this.line.octets(Number(literal[1])));
    }
  }
}
