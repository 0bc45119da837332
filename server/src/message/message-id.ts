/**
 * Message-ID, In-Reply-To and References.
 *
 * RFC 5322 §3.6.4, §4.5.4 (obsolete: phrases between the ids)
 */

import { skipComment } from './parameters.ts';

/** An id is `<...>` without white space; programs write strange things inside, so that is all that is asked. */
const IDS = /<([^<> \t\r\n]{1,995})>/g;
/** What can stand in place of one, where a program forgot the angles. */
const BARE = /^[^<> \t\r\n,"]{1,995}@[^<> \t\r\n,"]{1,995}$/;

/** The ids of a field in their order, without angles, at most `limit` (the last ones). From octet strings; compared as they are (RFC 5322 §3.6.4: case counts). */
export function parseMessageIds(value: string, limit: number = 1000): readonly string[] {
  const ids: string[] = [];
  for (const match of value.matchAll(IDS)) ids.push(match[1] as string);
  if (ids.length === 0 && value.includes('<')) for (const match of withoutSpace(value).matchAll(IDS)) ids.push(match[1] as string);
  if (ids.length === 0) for (const word of value.split(/[\s,]+/, 100)) if (BARE.test(word)) ids.push(word);
  return ids.length > limit ? ids.slice(ids.length - limit) : ids;
}

/** The id of a Message-ID field; undefined where there is none. */
export function parseMessageId(value: string | undefined): string | undefined {
  return value === undefined ? undefined : parseMessageIds(value)[0];
}

/** RFC 5322 §4.5.4: comments and white space inside an id mean nothing; folding has also put spaces into ids. */
function withoutSpace(value: string): string {
  let text = value.slice(0, 4096);
  for (let open = text.indexOf('('); open >= 0; open = text.indexOf('(', open)) text = text.slice(0, open) + text.slice(skipComment(text, open));
  return text.replace(/\s+/g, '');
}
