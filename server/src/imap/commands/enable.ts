/**
 * ENABLE. Accepted while a mailbox is selected too, which RFC 9051 leaves to the server; what is not known is passed over in silence.
 *
 * RFC 9051 §6.3.1 · RFC 5161 · RFC 6855 §3 · RFC 7162 §3.2.3
 */
import type { Command } from '../command.ts';
import type { Extension } from '../session.ts';

const KNOWN: ReadonlyMap<string, Extension> = new Map<string, Extension>([
  ['CONDSTORE', 'CONDSTORE'],
  ['QRESYNC', 'QRESYNC'],
  ['IMAP4REV2', 'IMAP4REV2'],
  ['UTF8=ACCEPT', 'UTF8=ACCEPT'],
]);
/** As capabilities spell them. */
const SPELLING: Readonly<Record<Extension, string>> = { CONDSTORE: 'CONDSTORE', QRESYNC: 'QRESYNC', IMAP4REV2: 'IMAP4rev2', 'UTF8=ACCEPT': 'UTF8=ACCEPT' };

export const enable: Command<readonly Extension[]> = {
  name: 'ENABLE',
  states: ['authenticated', 'selected'],
  parse: (cursor) => {
    const wanted = new Set<Extension>();
    do {
      cursor.space();
      const extension = KNOWN.get(cursor.word());
      if (extension !== undefined) wanted.add(extension);
    } while (cursor.isNext(' ') && !cursor.isAtEnd);
    cursor.end();
    return [...wanted];
  },
  run: async (session, wanted) => {
    const added = wanted.filter((extension) => !session.enabled.has(extension));
    session.untagged(['ENABLED', ...added.map((extension) => SPELLING[extension])].join(' '));
    for (const extension of added) {
      // QRESYNC contains CONDSTORE.
      if (extension === 'CONDSTORE' || extension === 'QRESYNC') session.enableCondstore();
      session.enabled.add(extension);
    }
  },
};
