import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import { printable } from './terminal.ts';

test('what strangers wrote cannot steer the terminal', () => {
  equal(printable('550 \u001b[2Jno\u009b1m \u202ecod\r\n\tzażółć 👩‍👧\n'), '550 ?[2Jno?1m ?cod?\n\tzażółć 👩‍👧\n');
});
