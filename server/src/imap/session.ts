/**
 * One client's conversation: its state, what it enabled, its selected mailbox, and the writing of replies. Commands get it as their first argument.
 *
 * RFC 9051 §3 · RFC 5161 (ENABLE) · RFC 7162 §3.1 (enabling CONDSTORE)
 */
import type { AccountId } from '#core/ids.ts';
import type { Identity } from '#directory/directory.ts';
import type { Log } from '#log/log.ts';
import type { Connection, Reader, Writer } from '#net/connection.ts';
import type { Store } from '#store/store.ts';
import type { Actor } from '#trail/mail-changes.ts';
import { ImapError, type State } from './command.ts';
import { CommandReader } from './command-reader.ts';
import { releaseKeywords } from './keywords.ts';
import type { Selected } from './selected.ts';
import type { ImapServices } from './services.ts';
import { type TellOptions, tellUpdates } from './updates.ts';
import { encodeUtf7 } from './wire/mailbox-name.ts';
import { quoted, quotedUtf8 } from './wire/write.ts';

export type Extension = 'CONDSTORE' | 'QRESYNC' | 'IMAP4REV2' | 'UTF8=ACCEPT';

export class Session {
  readonly connection: Connection;
  readonly services: ImapServices;
  state: State = 'not-authenticated';
  identity: Identity | undefined;
  readonly enabled: Set<Extension> = new Set();
  selected: Selected | undefined;
  /** How commands are read; commands with a literal that is still on the line (APPEND) read it from here. */
  readonly input: CommandReader;
  /** Of the running command: ESEARCH repeats it. */
  tag: string = '*';
  /** Adds account and connection to what is logged. */
  log: Log;
  /** Whether the session waits for the client and nothing of it is half written: the server may say goodbye. */
  isWaiting: boolean = false;
  /** Called when the directory changed while the session waits in IDLE. */
  onDirectoryChange: (() => void) | undefined;
  readonly #unitTimeoutMs: number;
  #mayHaveLostAccess = false;
  #directorySubscription: Disposable | undefined;

  constructor(connection: Connection, services: ImapServices) {
    this.connection = connection;
    this.services = services;
    this.input = new CommandReader(this);
    this.log = services.log.with({ connection: connection.id });
    this.#unitTimeoutMs = connection.reader.unitTimeoutMs;
  }

  get reader(): Reader {
    return this.connection.reader;
  }

  get writer(): Writer {
    return this.connection.writer;
  }

  get store(): Store {
    return this.services.store;
  }

  /** The account that has signed in. Only commands of the authenticated and selected states may ask. */
  get account(): AccountId {
    if (this.identity === undefined) throw new ImapError('BAD', 'Sign in first');
    return this.identity.account;
  }

  /** For the trail: who changes something, and from where. */
  get actor(): Actor {
    return { account: this.account, login: this.identity?.login ?? '', door: 'imap', address: this.connection.remote.address };
  }

  /** The selected mailbox; BAD where there is none. */
  get mustBeSelected(): Selected {
    if (this.selected === undefined) throw new ImapError('BAD', 'Select a mailbox first');
    return this.selected;
  }

  /** The selected mailbox if it may be changed; NO if it is open read-only. */
  get mustBeWritable(): Selected {
    const selected = this.mustBeSelected;
    if (selected.readOnly) throw new ImapError('NO', 'The mailbox is open read-only', 'READ-ONLY');
    return selected;
  }

  // Signing in and out

  /** Notes who has signed in; from here on the session follows changes of the account. */
  signIn(identity: Identity): void {
    this.identity = identity;
    this.state = 'authenticated';
    this.log = this.log.with({ login: identity.login });
    this.reader.timeoutMs = this.services.settings.idleTimeoutMs;
    this.reader.unitTimeoutMs = this.#unitTimeoutMs;
    this.#directorySubscription = this.store.onNotify('directory', () => {
      this.#mayHaveLostAccess = true;
      this.onDirectoryChange?.();
    });
  }

  /** Lets the next reads wait until this moment, for a client that has not signed in, however it divides what it sends. False when it has passed. */
  waitsUntil(deadlineMs: number): boolean {
    const leftMs = deadlineMs - performance.now();
    this.reader.timeoutMs = leftMs;
    this.reader.unitTimeoutMs = leftMs;
    return leftMs > 0;
  }

  /** Whether the directory changed since `isAllowed` was last asked. */
  get mayHaveLostAccess(): boolean {
    return this.#mayHaveLostAccess;
  }

  /** Whether the account is still enabled and its credentials are those that signed in. */
  async isAllowed(): Promise<boolean> {
    this.#mayHaveLostAccess = false;
    return this.identity === undefined || (await this.services.directory.isCurrent(this.identity));
  }

  /** Gives back what the session holds. */
  end(): void {
    this.unselect();
    this.#directorySubscription?.[Symbol.dispose]();
  }

  // What the client understands

  get hasCondstore(): boolean {
    return this.enabled.has('CONDSTORE');
  }

  get hasQresync(): boolean {
    return this.enabled.has('QRESYNC');
  }

  get isRev2(): boolean {
    return this.enabled.has('IMAP4REV2');
  }

  /** Whether strings and mailbox names may be sent in UTF-8. */
  get isUtf8(): boolean {
    return this.enabled.has('UTF8=ACCEPT') || this.isRev2;
  }

  /** Notes that the client knows CONDSTORE: called by each CONDSTORE-enabling command (RFC 7162 §3.1), such as FETCH MODSEQ. */
  enableCondstore(): void {
    if (this.enabled.has('CONDSTORE')) return;
    this.enabled.add('CONDSTORE');
    if (this.selected !== undefined) this.untagged(`OK [HIGHESTMODSEQ ${this.selected.view.toldModseq}] CONDSTORE is on`);
  }

  // Replies

  /** `* ` text CRLF; text is ASCII, or UTF-8 octets as Latin-1 characters (see wire/write.ts). */
  untagged(text: string): void {
    this.writer.write(`* ${text}\r\n`);
  }

  /** A mailbox name as this client reads it, in quotes, ready for `untagged`. */
  nameOnWire(name: string): string {
    return this.isUtf8 ? quotedUtf8(name) : quoted(encodeUtf7(name));
  }

  /** Waits for a client that is behind. For long replies, between pieces. */
  async drain(): Promise<void> {
    if (this.writer.pendingBytes > 256 * 1024) await this.writer.flush();
  }

  // The selected mailbox

  /** Brings the shared table up to the newest commit: after a commit of one's own, before asking the view about it. */
  refresh(): void {
    this.selected?.base.refresh();
  }

  /** Tells the client what changed in its mailbox; expunges only if it may hear of them now. */
  async tellUpdates(options: TellOptions): Promise<void> {
    await tellUpdates(this, options);
  }

  /** Leaves the selected mailbox, if there is one. */
  unselect(): void {
    const { selected } = this;
    if (selected === undefined) return;
    this.selected = undefined;
    this.state = 'authenticated';
    selected.view[Symbol.dispose]();
    selected.base[Symbol.dispose]();
    releaseKeywords(this.store, this.account);
  }
}
