/** The words in which the trail is told, in the languages of the service. Each is a sentence, or a part of one, made of facts. */

export interface Words {
  readonly and: string;
  /** Where the other side was: name and address, either may be empty. */
  readonly place: (name: string, address: string) => string;
  readonly tls: (version: string, cipher: string) => string;
  readonly inTheClear: string;

  readonly received: (from: string, line: string) => string;
  readonly submitted: (login: string, from: string, line: string) => string;
  readonly made: string;
  readonly checks: (results: string) => string;
  readonly noDkim: string;
  readonly toJunk: (reasons: string) => string;
  readonly wouldRefuse: (reasons: string) => string;
  readonly accepted: (reasons: string) => string;
  readonly reasons: Readonly<Record<string, string>>;
  readonly filedFor: (mailbox: string, login: string, address: string) => string;
  readonly refused: (from: string, reasons: string) => string;
  readonly answered: (reply: string) => string;

  readonly queued: (recipients: string) => string;
  readonly delivered: (recipients: string, host: string, line: string) => string;
  readonly deferred: (recipients: string) => string;
  readonly bounced: (recipients: string) => string;
  readonly said: (host: string, reply: string) => string;
  readonly found: (text: string) => string;
  readonly verified: Readonly<Record<string, string>>;
  readonly unverified: (problem: string) => string;
  readonly repeated: (recipients: string) => string;
  readonly becauseOf: (cause: string) => string;
  readonly suppressed: (recipients: string) => string;
  readonly suppressedFrom: (recipients: string, bounces: string) => string;
  readonly noticed: Readonly<Record<string, (recipients: string) => string>>;

  readonly held: (actor: string) => string;
  readonly released: (actor: string) => string;
  readonly retried: (actor: string) => string;
  readonly dropped: (actor: string) => string;
  readonly limited: string;
  /** Actors that are no persons. */
  readonly actors: Readonly<Record<string, string>>;

  readonly forwarded: (from: string, to: string) => string;
  readonly kept: (from: string, to: string) => string;
  readonly keptReasons: Readonly<Record<string, string>>;
  readonly confirmed: (target: string) => string;

  readonly moved: (from: string, to: string) => string;
  readonly copied: (from: string, to: string) => string;
  readonly appended: (to: string) => string;
  readonly marked: (mailbox: string) => string;
  readonly deleted: (mailbox: string) => string;
  readonly deletedMailbox: (mailbox: string, messages: string) => string;
  readonly by: (login: string, door: string, address: string) => string;
  readonly withOthers: (others: number) => string;

  readonly unknown: (event: string) => string;
  readonly story: (messageId: string) => string;
  readonly noMessageId: string;
  readonly queueId: string;
  readonly from: string;
  readonly to: string;
  readonly nullSender: string;
  readonly nothing: string;
}
