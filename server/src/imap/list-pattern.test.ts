import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { matchesPattern, parentsOf } from './list-pattern.ts';
import { assertLinear } from '../../test/support/growth.ts';

describe('list patterns', () => {
  it('matches any characters with * and one level with %', () => {
    assert.equal(matchesPattern('*', 'a/b/c'), true);
    assert.equal(matchesPattern('%', 'a/b'), false);
    assert.equal(matchesPattern('%', 'a'), true);
    assert.equal(matchesPattern('a/%', 'a/b'), true);
    assert.equal(matchesPattern('a/%', 'a/b/c'), false);
    assert.equal(matchesPattern('%/%', 'a/b'), true);
    assert.equal(matchesPattern('*b', 'a/b'), true);
    assert.equal(matchesPattern('', ''), true);
    assert.equal(matchesPattern('', 'a'), false);
  });

  it('knows INBOX in any case, and only INBOX', () => {
    assert.equal(matchesPattern('inbox', 'INBOX'), true);
    assert.equal(matchesPattern('inb%', 'INBOX'), true);
    assert.equal(matchesPattern('inbox/*', 'INBOX/Work'), true);
    assert.equal(matchesPattern('inbox/work', 'INBOX/Work'), false);
    assert.equal(matchesPattern('inboxes', 'INBOXES'), false);
    assert.equal(matchesPattern('sent', 'Sent'), false);
  });

  it('agrees with a regular expression on short patterns', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 8 });
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '/', '*', '%'), maxLength: 6 });
    fc.assert(
      fc.property(pattern, text, (wanted, name) => {
        const expression = new RegExp(`^${wanted.replaceAll('*', '.*').replaceAll('%', '[^/]*')}$`);
        assert.equal(matchesPattern(wanted, name), expression.test(name));
      }),
    );
  });

  it('costs what pattern and name are long, whatever the pattern', () => {
    assertLinear('a longer pattern', 100, (size) => assert.equal(matchesPattern(`${'*a%'.repeat(size)}b`, 'a'.repeat(1000)), false));
    assertLinear('a longer name', 1000, (size) => assert.equal(matchesPattern(`${'*a%'.repeat(100)}b`, 'a'.repeat(size)), false));
  });

  it('lists the names above a name', () => {
    assert.deepEqual(parentsOf('a/b/c'), ['a', 'a/b']);
    assert.deepEqual(parentsOf('a'), []);
  });
});
