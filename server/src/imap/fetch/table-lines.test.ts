import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type EmailId, objectId } from '#core/ids.ts';
import { hasFlag, SYSTEM_FLAGS } from '#store/flags.ts';
import { CollectingWriter } from '../../../test/support/collecting-writer.ts';
import { FlagLists } from './flag-lists.ts';
import { Output } from './output.ts';
import { beginLine, endLine } from './table-lines.ts';

const KEYWORDS = [undefined, undefined, undefined, undefined, undefined, '$Label1', 'NonJunk', undefined, '$Forwarded'];

test('lines are what plain string building makes of the same messages', () => {
  const message = fc.record({
    sequence: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
    uid: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
    email: fc.integer({ min: 2 ** 30, max: Number.MAX_SAFE_INTEGER }),
    flags: fc.integer({ min: 0, max: 511 }),
    modseq: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    size: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    isRecent: fc.boolean(),
  });
  const items = fc.record({ uid: fc.boolean(), flags: fc.boolean(), modseq: fc.boolean(), size: fc.boolean(), emailId: fc.boolean() });
  fc.assert(
    fc.property(fc.array(message), items, (messages, asked) => {
      const writer = new CollectingWriter();
      const output = new Output(writer);
      const lists = new FlagLists(KEYWORDS);
      let expected = '';
      for (const each of messages) {
        beginLine(output, asked, lists, each);
        endLine(output);
        const names = [
          ...SYSTEM_FLAGS.filter((_, bit) => hasFlag(each.flags, bit)),
          ...KEYWORDS.filter((name, bit) => name !== undefined && hasFlag(each.flags, bit)),
        ];
        if (each.isRecent) names.push('\\Recent');
        const parts = [
          ...(asked.uid ? [`UID ${each.uid}`] : []),
          ...(asked.flags ? [`FLAGS (${names.join(' ')})`] : []),
          ...(asked.modseq ? [`MODSEQ (${each.modseq})`] : []),
          ...(asked.size ? [`RFC822.SIZE ${each.size}`] : []),
          ...(asked.emailId ? [`EMAILID (${objectId('email', each.email as EmailId)})`] : []),
        ];
        expected += `* ${each.sequence} FETCH (${parts.join(' ')})\r\n`;
      }
      output.handOver();
      equal(writer.text, expected);
    }),
  );
});
