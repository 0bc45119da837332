/** From what a server says, or does not say, to what has become of recipients. */
import { NetError } from '#net/connection.ts';
import type { Outcome } from '#queue/transport.ts';
import { isPositive, type Reply, replyText, statusOf } from './reply.ts';

/** RFC 5321 §3.8: the server is about to close, whatever was asked. */
export class ServiceClosing extends Error {
  readonly reply: Reply;
  constructor(reply: Reply) {
    super(replyText(reply));
    this.reply = reply;
  }
}

/** The outcome that a reply of `host` means. */
export function said(reply: Reply, host: string): Outcome {
  const kind = isPositive(reply) ? 'delivered' : reply.code >= 500 ? 'failed' : 'deferred';
  // 3xx where 2xx was due: the conversation has gone wrong.
  const status = kind === 'deferred' && reply.code < 400 ? '4.5.0' : statusOf(reply);
  return { kind, status, reply: replyText(reply), host };
}

/** One that we have found ourselves. */
export function found(kind: 'deferred' | 'failed', status: string, reply: string): Outcome {
  return { kind, status, reply, host: undefined };
}

/** Where an attempt broke off. */
export type Stage = 'envelope' | 'content' | 'final';

const WHERE: Readonly<Record<Stage, string>> = {
  envelope: 'before the message',
  content: 'within the message',
  final: 'after the message, before its answer',
};

/** What an error in the middle of a conversation comes to; `host` with its address. */
export function brokenOff(error: unknown, stage: Stage, host: string): Outcome {
  const what = error instanceof NetError ? error.message : `the message could not be read: ${error instanceof Error ? error.message : String(error)}`;
  const status = error instanceof NetError ? '4.4.2' : '4.3.0';
  return { ...found('deferred', status, `The conversation with ${host} broke off ${WHERE[stage]}: ${what}`), isUnsure: stage === 'final' };
}
