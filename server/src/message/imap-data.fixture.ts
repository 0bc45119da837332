/** For tests: reads IMAP data as a strict client does. RFC 9051 §9 */

export type ImapData = string | number | null | readonly ImapData[];

/** Parses one parenthesised list that fills the bytes; throws on anything that the grammar does not allow. */
export function checkImapData(bytes: Uint8Array): ImapData {
  const text = Buffer.from(bytes).toString('latin1');
  let at = 0;
  const fail = (what: string): never => {
    throw new Error(`${what} at ${at}: ${JSON.stringify(text.slice(Math.max(0, at - 40), at + 40))}`);
  };
  const value = (): ImapData => {
    if (text[at] === '(') {
      at++;
      const list: ImapData[] = [];
      while (text[at] !== ')') {
        // Addresses and parts stand side by side; everything else is apart by one space.
        if (list.length > 0 && text[at] === ' ') at++;
        else if (list.length > 0 && !(text[at] === '(' && Array.isArray(list.at(-1)))) fail('no space');
        list.push(value());
      }
      at++;
      if (list.length === 0) fail('empty list');
      return list;
    }
    if (text[at] === '"') {
      const match = /^"((?:[^"\\\r\n\0\x80-\xff]|\\["\\])*)"/.exec(text.slice(at));
      if (match === null) return fail('bad quoted string');
      at += match[0].length;
      return (match[1] as string).replace(/\\(.)/g, '$1');
    }
    const literal = /^\{(\d+)\}\r\n/.exec(text.slice(at, at + 20));
    if (literal !== null) {
      at += literal[0].length + Number(literal[1]);
      const content = text.slice(at - Number(literal[1]), at);
      if (content.length !== Number(literal[1]) || content.includes('\0')) fail('bad literal');
      return content;
    }
    const atom = /^(?:NIL|\d+)/.exec(text.slice(at, at + 20));
    if (atom === null) return fail('bad value');
    at += atom[0].length;
    return atom[0] === 'NIL' ? null : Number(atom[0]);
  };
  const data = value();
  if (at !== text.length) fail('more behind the end');
  return data;
}
