/**
 * A receiving server that does what Gmail says it does with mail from others: TLS, a PTR that leads back, SPF or DKIM, DMARC, one From field with one address, the
 * form of RFC 5322; and answers as Gmail does. It sees its clients at a public address that the test gives, since all of them are on loopback.
 *
 * Google, "Email sender guidelines" and "Gmail SMTP errors and codes" (in our own words where the words do not matter)
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import type { AddressInfo, Server, Socket } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { evaluateDmarc } from '#authenticity/dmarc/evaluate-dmarc.ts';
import { checkIprev } from '#authenticity/iprev.ts';
import type { Checks } from '#authenticity/results.ts';
import { SignatureVerifier } from '#authenticity/signature-verifier.ts';
import { checkSpf } from '#authenticity/spf/check-spf.ts';
import { parseHeaderMailboxes } from '#message/address.ts';
import { findHeaderEnd } from '#message/header-end.ts';
import { Header } from '#message/header.ts';
import { issueCertificate, makeAuthority } from '#net/dev-certificate.ts';
import type { Resolver } from '#net/dns/resolver.ts';

export interface MailAtGmail {
  /** Empty: the null one. */
  readonly sender: string;
  readonly helo: string;
  readonly recipients: readonly string[];
  readonly isSecure: boolean;
  /** One character an octet. */
  readonly text: string;
}

export interface GmailReply {
  readonly code: number;
  readonly text: string;
}

/** What Gmail makes of a message. */
export type GmailVerdict = { readonly checks: Checks | undefined } & (
  | { readonly kind: 'inbox' | 'spam' }
  | { readonly kind: 'refused'; readonly reply: GmailReply }
);

export interface GmailRules {
  readonly resolver: Resolver;
  /** The client's, as the world sees it. */
  readonly clientAddress: string;
}

/** The rules alone, for messages that nobody sends. */
export async function judgeAsGmail({ resolver, clientAddress }: GmailRules, mail: MailAtGmail): Promise<GmailVerdict> {
  const refused = (code: number, text: string, checks?: Checks): GmailVerdict => ({ kind: 'refused', reply: { code, text: `${text} - gsmtp` }, checks });
  if (!mail.isSecure) return refused(421, "4.7.29 Your email has been rate limited because this message wasn't sent over a TLS connection.");
  const octets = Buffer.from(mail.text, 'latin1');
  const end = findHeaderEnd(octets);
  const header = new Header(octets.subarray(0, end));
  for (const name of ['from', 'sender', 'reply-to', 'to', 'cc', 'subject', 'date', 'message-id']) {
    if (header.countOf(name) > 1) return refused(550, `5.7.1 This message is not RFC 5322 compliant: there are multiple ${name} headers.`);
  }
  const authors = parseHeaderMailboxes(header.first('from') ?? '').filter(({ domain }) => domain !== '');
  if (authors.length === 0) return refused(550, '5.7.1 Messages missing a valid address in the From: header, or having no From: header, are not accepted.');
  if (authors.length > 1) return refused(550, '5.7.1 Messages with multiple addresses in From: header are not accepted.');
  if (header.countOf('date') === 0 || header.countOf('message-id') === 0)
    return refused(550, '5.7.1 This message is not RFC 5322 compliant: Message-ID or Date is missing.');
  const checks = await checksOf(resolver, clientAddress, mail, header, octets.subarray(end));
  if (checks.iprev.result !== 'pass')
    return refused(
      550,
      '5.7.25 The IP address sending this message does not have a PTR record setup, or the corresponding forward DNS entry does not match the sending IP.',
      checks,
    );
  const isSigned = checks.dkim.some(({ result }) => result === 'pass');
  if (checks.dmarc.result === 'fail' && checks.dmarc.policy === 'reject')
    return refused(
      550,
      `5.7.26 Unauthenticated email from ${checks.dmarc.fromDomain} is not accepted due to domain's DMARC policy. Please contact the administrator of ${checks.dmarc.fromDomain} domain if this was a legitimate mail. To learn about the DMARC initiative, go to https://support.google.com/mail/?p=DmarcRejection`,
      checks,
    );
  if (checks.spf.result !== 'pass' && !isSigned)
    return refused(
      550,
      `5.7.26 Your email has been blocked because the sender is unauthenticated. Gmail requires all senders to authenticate with either SPF or DKIM. Authentication results: DKIM = did not pass SPF [${checks.spf.domain}] with ip: [${clientAddress}] = did not pass`,
      checks,
    );
  return { kind: checks.dmarc.result === 'fail' && checks.dmarc.policy === 'quarantine' ? 'spam' : 'inbox', checks };
}

async function checksOf(resolver: Resolver, address: string, mail: MailAtGmail, header: Header, body: Buffer): Promise<Checks> {
  const at = mail.sender.lastIndexOf('@');
  const sender = mail.sender === '' ? undefined : { localPart: mail.sender.slice(0, at), domain: mail.sender.slice(at + 1) };
  const verifier = new SignatureVerifier(resolver, { header, nowMs: Date.now() });
  verifier.body(body);
  const [spf, iprev, { dkim, arc }] = await Promise.all([
    checkSpf(resolver, { address, helo: mail.helo, sender, hostname: 'mx.google.com' }),
    checkIprev(resolver, address),
    verifier.finish(),
  ]);
  const fromDomains = parseHeaderMailboxes(header.first('from') ?? '').map(({ domain }) => domain);
  return { spf, iprev, dkim, arc, dmarc: await evaluateDmarc(resolver, { fromDomains, spf, dkim }) };
}

export interface GmailPeer extends AsyncDisposable {
  readonly port: number;
  /** What was accepted, with the folder and what the checks came to. */
  readonly accepted: Array<{ readonly mail: MailAtGmail; readonly folder: 'inbox' | 'spam'; readonly checks: Checks }>;
  readonly refused: Array<{ readonly mail: MailAtGmail; readonly reply: GmailReply }>;
}

const authority = makeAuthority('Gmail test', Date.now());
const issued = issueCertificate(authority, ['mx.google.test', 'localhost', '127.0.0.1'], { nowMs: Date.now() });

/** `hasUser`: which addresses exist. */
export async function startGmail(rules: GmailRules, hasUser: (address: string) => boolean): Promise<GmailPeer> {
  const accepted: GmailPeer['accepted'] = [];
  const refused: GmailPeer['refused'] = [];
  const take = async (mail: MailAtGmail): Promise<GmailReply | undefined> => {
    const verdict = await judgeAsGmail(rules, mail);
    if (verdict.kind === 'refused') {
      refused.push({ mail, reply: verdict.reply });
      return verdict.reply;
    }
    if (verdict.checks) accepted.push({ mail, folder: verdict.kind, checks: verdict.checks });
    return undefined;
  };
  const server = new SMTPServer({
    name: 'mx.google.test',
    key: issued.key,
    cert: issued.certificate,
    authOptional: true,
    disableReverseLookup: true,
    logger: false,
    onRcptTo({ address }, _session, done) {
      if (hasUser(address)) done();
      else
        done(
          replyError({
            code: 550,
            text: "5.1.1 The email account that you tried to reach does not exist. Please try double-checking the recipient's email address for typos or unnecessary spaces. - gsmtp",
          }),
        );
    },
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        const mail: MailAtGmail = {
          sender: mailFrom === false ? '' : mailFrom.address,
          helo: typeof session.hostNameAppearsAs === 'string' ? session.hostNameAppearsAs : '',
          recipients: rcptTo.map(({ address }) => address),
          isSecure: session.secure,
          text: Buffer.concat(chunks).toString('latin1'),
        };
        void answer(take(mail), done);
      });
    },
  });
  server.on('error', () => undefined);
  const port = await new Promise<number>((resolve) => {
    const listening: Server = server.listen(0, '127.0.0.1', () => resolve((listening.address() as AddressInfo).port));
  });
  return {
    port,
    accepted,
    refused,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const connection of server.connections) (connection as { _socket?: Socket })._socket?.destroy();
      }),
  };
}

async function answer(work: Promise<GmailReply | undefined>, done: (error?: Error | null) => void): Promise<void> {
  let refusal: Error | undefined;
  try {
    const reply = await work;
    refusal = reply && replyError(reply);
  } catch (error) {
    refusal = error instanceof Error ? error : new Error(String(error));
  }
  done(refusal);
}

function replyError({ code, text }: GmailReply): Error {
  return Object.assign(new Error(text), { responseCode: code });
}

/** Whether Debian's python3-dkim, which nobody here wrote, is there to be asked. */
export const hasOutsideVerifier: boolean = fs.existsSync('/usr/lib/python3/dist-packages/dkim');

/** What python3-dkim says of the first signature, with the keys in `records` (name to text). */
export function verifiesOutside(text: string, records: Readonly<Record<string, string>>): boolean {
  const script = `
import dkim, json, sys
records = json.loads(sys.argv[1])
def find(name, timeout=5):
    return records.get(name.decode().rstrip('.'), '').encode() or None
sys.exit(0 if dkim.verify(sys.stdin.buffer.read(), dnsfunc=find) else 3)
`;
  const done = spawnSync('/usr/bin/python3', ['-c', script, JSON.stringify(records)], { input: Buffer.from(text, 'latin1') });
  if (done.status !== 0 && done.status !== 3) throw new Error(`python3-dkim: ${done.stderr.toString()}`);
  return done.status === 0;
}
