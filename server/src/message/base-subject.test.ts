import assert from 'node:assert/strict';
import { test } from 'node:test';
import { baseSubject, subjectKey } from './base-subject.ts';
import { parseMessageId, parseMessageIds } from './message-id.ts';
import { THREAD_HASH_LIMIT, threadHashes } from './thread-keys.ts';
import { assertLinear } from '../../test/support/growth.ts';

test('replies, forwards and list names are taken off a subject', () => {
  const cases: Record<string, string> = {
    hello: 'hello',
    'Re: hello': 'hello',
    'RE:  re : Fwd: FW: hello (fwd) (FWD)': 'hello',
    'Re[2]: hello': 'hello',
    'Re [list]: hello': 'hello',
    '[list] Re: [list] hello': 'hello',
    '[list] hello': 'hello',
    '[list]': '[list]',
    '[Fwd: Re: hello]': 'hello',
    'Fwd: [fwd: [x] hello] (fwd)': 'hello',
    'Odp: ODP : hello': 'hello',
    'AW: WG: hello': 'hello',
    'Reading: hello': 'Reading: hello',
    'Re:': '',
    '  a \t b ': 'a b',
  };
  for (const [subject, base] of Object.entries(cases)) assert.equal(baseSubject(subject), base, subject);
  assert.equal(subjectKey('Odp: Zażółć GĘŚLĄ'), 'zazolc gesla');
});

test('a hostile subject costs what its size is', () => {
  for (const piece of ['Re: ', '[a]', '(fwd) ', ' ', '[fwd: ', '[', 'Re [']) assertLinear(piece, 20_000, (size) => baseSubject(piece.repeat(size)));
});

test('ids are read from among phrases and without angles', () => {
  assert.deepEqual(parseMessageIds('Your message of "Mon" <a@b> <c d@e>\r\n <f@g><h>'), ['a@b', 'f@g', 'h']);
  assert.deepEqual(parseMessageIds('a@b, c@d'), ['a@b', 'c@d']);
  assert.deepEqual(parseMessageIds('<1@x> <2@x> <3@x>', 2), ['2@x', '3@x']);
  assert.equal(parseMessageId(' <a@b> '), 'a@b');
  assert.equal(parseMessageId('<1234   @   local(blah)  .machine .example>'), '1234@local.machine.example');
  assert.equal(parseMessageId('nothing here'), undefined);
});

test('messages meet when one names the other and both have the same subject', () => {
  const first = threadHashes('1@x', [], [], 'hello');
  const answer = threadHashes('2@x', ['1@x'], ['1@x'], 'hello');
  const other = threadHashes('3@x', ['1@x'], [], 'something else');
  assert.equal(first.length, 1);
  assert.equal(answer.length, 2);
  assert.ok(answer.includes(first[0] as number));
  assert.ok(!other.some((hash) => first.includes(hash)));
  for (const hash of answer) assert.ok(Number.isSafeInteger(hash) && hash >= 0);
  assert.deepEqual(threadHashes(undefined, [], [], 'x'), []);
});

test('of many references the first and the last are kept, the own id comes first', () => {
  const references = Array.from({ length: 100 }, (_, i) => `${i}@x`);
  const hashes = threadHashes('own@x', references, [], 's');
  assert.equal(hashes.length, THREAD_HASH_LIMIT);
  assert.equal(hashes[0], threadHashes('own@x', [], [], 's')[0]);
  for (const id of ['0@x', '99@x', '80@x']) assert.ok(hashes.includes(threadHashes(id, [], [], 's')[0] as number), id);
});

test('ids that differ little get hashes that differ', () => {
  const seen = new Set<number>();
  for (let i = 0; i < 20_000; i++) seen.add(threadHashes(`${i}@example.com`, [], [], '')[0] as number);
  assert.equal(seen.size, 20_000);
});
