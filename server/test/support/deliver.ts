/** Sends a message in through the way in of a mail house, as a stranger or as somebody who has signed in. */
import { type Accepted, type Path, type Peer, type RecipientParameters, Refusal, type SenderParameters } from '#delivery/delivery.ts';
import { type MailHouse, PASSWORD } from './mail-house.ts';

export const PLAIN: SenderParameters = { sizeBytes: undefined, body: '7BIT', smtpUtf8: false, ret: undefined, envelopeId: undefined };
export const NO_PARAMETERS: RecipientParameters = { notify: undefined, originalRecipient: undefined };

export const stranger: Peer = { connectionId: 'c1', address: '192.0.2.7', helo: 'client.example', protocol: 'ESMTP', tls: undefined, identity: undefined };

/** One of the accounts, over submission. */
export async function signedIn({ directory }: MailHouse, login: string): Promise<Peer> {
  const identity = await directory.signInWithPassword(login, PASSWORD, { listener: 'submissions', remoteAddress: '192.0.2.7', connectionId: 'c1' });
  return { ...stranger, protocol: 'ESMTPSA', identity };
}

export interface Letter {
  readonly peer?: Peer;
  /** Undefined: the null reverse-path; left out: `ann@outside.example`. */
  readonly from?: string | undefined;
  readonly to?: readonly string[];
  readonly message?: string | Uint8Array;
  readonly parameters?: SenderParameters;
  readonly recipientParameters?: RecipientParameters;
  /** Octets that come at a time. */
  readonly chunk?: number;
}

/** Throws Refusal. */
export async function deliver({ delivery }: Pick<MailHouse, 'delivery'>, letter: Letter): Promise<Accepted> {
  const { peer = stranger, to = ['jan@capri.example'], message = 'Subject: x\r\n\r\n', chunk = 4000 } = letter;
  const from = 'from' in letter ? letter.from : 'ann@outside.example';
  const envelope = await delivery.begin(peer, from === undefined ? undefined : pathOf(from), letter.parameters ?? PLAIN);
  for (const recipient of to) await envelope.recipient(pathOf(recipient), letter.recipientParameters ?? NO_PARAMETERS);
  const sink = envelope.open();
  try {
    const octets = Buffer.from(message);
    for (let at = 0; at < octets.length; at += chunk) await sink.write(octets.subarray(at, at + chunk));
    return await sink.finish();
  } catch (error) {
    await sink.abort();
    throw error;
  }
}

/** A local part in quotes stands without them. */
export function pathOf(text: string): Path {
  const at = text.lastIndexOf('@');
  const localPart = text.startsWith('"') ? text.slice(1, at - 1) : text.slice(0, at);
  return { localPart, domain: text.slice(at + 1) };
}

/** For `rejects`: refused with these codes. */
export function refusal(code: number, enhanced: string): (error: unknown) => boolean {
  return (error) => error instanceof Refusal && error.code === code && error.enhanced === enhanced;
}
