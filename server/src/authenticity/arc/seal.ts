/**
 * Adds a set to a chain: what this server found out, a signature over the message as it goes out, and a seal over all sets.
 *
 * RFC 8617 §5.1 (sealing), §5.1.1 (order of the fields), §5.1.2 (a chain that has failed), §4.1, §4.2.1
 */
import type { Header } from '#message/header.ts';
import { relaxField, SignableFields } from '../dkim/canonical-header.ts';
import { arcSignedFields } from '../dkim/field-choice.ts';
import type { SigningKey } from '../dkim/keys.ts';
import { type BodyChunks, completeSignature, hashBody, seconds } from '../dkim/sign.ts';
import { SignatureField } from '../dkim/signature-field.ts';
import type { ArcResult } from '../results.ts';
import { trimFolding } from '../dkim/tag-list.ts';
import { type ArcChain, LONGEST_CHAIN, readArcChain, sealedOctets } from './chain.ts';

export interface SealArgs {
  /** The whole header as it will go out, without the new set. */
  readonly header: Header;
  readonly body: BodyChunks;
  readonly key: SigningKey;
  /** The Authentication-Results field of this server, as formatAuthenticationResults gives it. */
  readonly authenticationResults: string;
  /** What the chain in the header came to when the message arrived. */
  readonly chain: ArcResult;
  readonly sealedAtMs: number;
}

/**
 * The three fields of a new set, to put in front of the message, each ended by CRLF. Undefined where nothing may be added: the chain has fifty sets, was sealed as
 * failed before, or has no instance that could be counted on. RSA runs off the event loop.
 */
export async function sealArc({ header, body, key, authenticationResults, chain, sealedAtMs }: SealArgs): Promise<Buffer | undefined> {
  const fields = new SignableFields(header);
  const place = placeInChain(readArcChain(fields), fields, chain.result);
  if (place === undefined || place.instance > LONGEST_CHAIN) return undefined;
  const { instance } = place;

  const value = authenticationResults.slice(authenticationResults.indexOf(':') + 1);
  const results = foldAtBlanks(`ARC-Authentication-Results: i=${instance}; ${trimFolding(value).replace(LINE_ENDS, '')}`);

  const message = new SignatureField('ARC-Message-Signature');
  message.add('i', String(instance));
  message.add('a', key.algorithm);
  message.add('c', 'relaxed/relaxed');
  message.add('d', key.domain);
  message.add('s', key.selector);
  message.add('t', seconds(sealedAtMs));
  const names = arcSignedFields(fields);
  message.addNames(names);
  message.addBase64('bh', await hashBody(body));
  const messageSignature = await completeSignature(message, fields.select(names, 'relaxed'), key);

  const seal = new SignatureField('ARC-Seal');
  seal.add('i', String(instance));
  seal.add('a', key.algorithm);
  seal.add('t', seconds(sealedAtMs));
  seal.add('cv', chain.result);
  seal.add('d', key.domain);
  seal.add('s', key.selector);
  const sealed = await completeSignature(seal, place.sealed + relaxField(results) + relaxField(messageSignature), key);
  return Buffer.from(sealed + messageSignature + results, 'latin1');
}

/** The new set's instance, and the octets of the sets before that its seal covers; undefined where the chain takes no further set. */
function placeInChain(
  chain: ArcChain,
  fields: SignableFields,
  result: ArcResult['result'],
): { readonly instance: number; readonly sealed: string } | undefined {
  switch (result) {
    case 'none':
      return chain.kind === 'none' ? { instance: 1, sealed: '' } : undefined;
    case 'pass':
      return chain.kind === 'sets' ? { instance: chain.sets.length + 1, sealed: sealedOctets(fields, chain.sets, undefined) } : undefined;
    case 'fail': {
      if (chain.kind === 'none' || (chain.kind === 'broken' && (chain.isSealedAsFailed || chain.instances === 0))) return undefined;
      // §5.1.2: nobody can say which fields belong to a broken chain, so the seal that says so covers its own set only.
      return { instance: (chain.kind === 'sets' ? chain.sets.length : chain.instances) + 1, sealed: '' };
    }
  }
}

/** A field in lines of at most 78 columns where its blanks allow it, ended by CRLF. */
function foldAtBlanks(field: string): string {
  let folded = '';
  let column = 0;
  for (const word of field.split(BEFORE_BLANKS)) {
    if (column > 0 && column + word.length > COLUMNS) {
      folded += '\r\n';
      column = 0;
    }
    folded += word;
    column += word.length;
  }
  return `${folded}\r\n`;
}

const COLUMNS = 78;
const BEFORE_BLANKS = /(?<=[^ \t])(?=[ \t])/;
const LINE_ENDS = /\r?\n/g;
