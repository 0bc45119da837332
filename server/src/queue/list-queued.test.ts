import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { openHouse } from '../../test/support/queue-house.ts';
import { listQueued, type QueuePage } from './list-queued.ts';

suite('pages of the queue', () => {
  test('one looks at a bounded number of messages and says where to go on', async () => {
    await using house = await openHouse({ isIdle: true });
    const ids: string[] = [];
    for (let n = 0; n < 25; n++) {
      ids.push(await house.send({ to: [`r${n}@${n % 5 === 0 ? 'rare' : 'common'}.test`], from: n % 2 === 0 ? 'jan@here.test' : 'ola@here.test' }));
    }
    ids.sort();
    const first = await house.store.query(listQueued({}, '', 10));
    assert.deepEqual([first.queued.map(({ message }) => message.queueId), first.next], [ids.slice(0, 10), ids[9]]);
    const last = await house.store.query(listQueued({}, ids[19] ?? '', 10));
    assert.deepEqual([last.queued.length, last.next], [5, undefined]);
    assert.equal((await house.store.query(listQueued({ domain: 'rare.test' }, '', 10))).queued.length, 5);
    assert.equal((await house.store.query(listQueued({ domain: 'rare.test', sender: 'ola@here.test' }, '', 10))).queued.length, 2);
    assert.equal((await house.store.query(listQueued({ sender: '@HERE.test' }, '', 100))).queued.length, 25);
  });

  test('a domain is found through all the time for which mail waits, a bounded part of it in one page', async () => {
    await using house = await openHouse({ isIdle: true });
    const rare: string[] = [];
    for (let n = 0; n < 620; n++) {
      const isRare = n < 2 || n > 617;
      const id = await house.send({ to: [isRare ? 'r@rare.test' : 'r@common.test'] });
      if (isRare) rare.push(id);
      house.clock.advance(n === 0 ? 0 : 5 * 60_000);
    }
    rare.sort();
    const found: string[] = [];
    let pages = 0;
    for (let after: string | undefined = ''; after !== undefined; pages++) {
      const page: QueuePage = await house.store.query(listQueued({ domain: 'rare.test' }, after, 10));
      found.push(...page.queued.map(({ message }) => message.queueId));
      after = page.next;
    }
    assert.deepEqual(found, rare);
    assert.ok(pages > 10 && pages < 20, `two days in ${pages} pages`);
    const one = await house.store.query(listQueued({ domain: 'rare.test' }, '', 1));
    assert.deepEqual([one.queued.map(({ message }) => message.queueId), one.next], [rare.slice(0, 1), rare[0]]);
  });
});
