/** Makes the store of the benchmark: the domain perf.test with the accounts u1 to u60. `set-up.ts CONFIG` */
import { readConfig } from '../../server/src/config/read.ts';
import { addAccount } from '../../server/src/directory/accounts.ts';
import { addDomain } from '../../server/src/directory/domains.ts';
import { hashPassword } from '../../server/src/directory/password.ts';
import { openOffline } from '../../server/src/server/offline.ts';

await using offline = await openOffline(readConfig(process.argv[2] ?? 'capri.toml'), { isNew: true });
const { store } = offline.services;
const nowMs = Date.now();
const passwordHash = await hashPassword('perf-password');
await store.commit(addDomain, { domain: 'perf.test', nowMs });
for (let number = 1; number <= 60; number++) await store.commit(addAccount, { login: `u${number}`, addresses: [`u${number}@perf.test`], passwordHash, nowMs });
