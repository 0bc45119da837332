/** Makes the accounts of the benchmark in a stopped instance: u1 to u600 in perf.test. `capri-mkusers.ts CONFIG` */
import { readConfig } from '../../server/src/config/read.ts';
import { addAccount } from '../../server/src/directory/accounts.ts';
import { hashPassword } from '../../server/src/directory/password.ts';
import { openOffline } from '../../server/src/server/offline.ts';

const config = readConfig(process.argv[2] ?? 'capri.toml');
const { password, domain, count } = { password: 'perf-password', domain: 'perf.test', count: 600 };
await using offline = await openOffline(config);
const nowMs = Date.now();
const passwordHash = await hashPassword(password);
await Promise.all(
  Array.from({ length: count }, (_, index) =>
    offline.services.store.commit(addAccount, { login: `u${index + 1}`, addresses: [`u${index + 1}@${domain}`], passwordHash, nowMs }),
  ),
);
process.stdout.write(`made ${count} accounts\n`);
