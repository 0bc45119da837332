// W9 mail from elsewhere with SPF, DKIM and DMARC on: signed 5 KiB messages over port 25, with a DNS server on loopback.
//   node w9-inbound-checks.mjs [--conc 8,32] [--n 3000] [--size 5120] [--domains 20] [--warm 16000] [--without] [--out FILE]
// Starts a Capri of its own in a temporary directory, so that its DNS can be ours, and lets it take `--warm` messages first: nobody cares how fast the first seconds of a server are. --without: the same mail with the checks off, for what they cost.
import { fork, spawn, execFileSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createRequire } from 'node:module';
import { args, cpu, emit, list, memMb, now, pool } from './lib/common.mjs';
import { Corpus, dotStuff } from './lib/corpus.mjs';
import { freePort, makeSigner, zoneOf } from './inbound/signed.mjs';
import { Smtp } from './lib/smtp.mjs';

const o = args({ conc: '8,32', n: 3000, size: 5120, domains: 20, warm: 16000, server: 'capri' });
const repository = path.resolve(import.meta.dirname, '..');
const Database = createRequire(path.join(repository, 'server/package.json'))('better-sqlite3');
const node = path.join(repository, `node_modules/node-linux-${process.arch}/bin/node`);
const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'capri-w9-'));

const signers = Array.from({ length: o.domains }, (_, index) => makeSigner(`sender${index}.example`));
const dns = fork(new URL('./inbound/dns.mjs', import.meta.url).pathname);
dns.send(zoneOf(signers, '127.0.0.1'));
const dnsPort = await new Promise((resolve) => dns.once('message', resolve));
const smtpPort = await freePort();

const key = path.join(directory, 'key.pem');
const certificate = path.join(directory, 'certificate.pem');
execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key, '-out', certificate, '-days', '2', '-subj', '/CN=mail.perf.test', '-addext', 'subjectAltName=DNS:mail.perf.test'], { stdio: 'ignore' });
const config = path.join(directory, 'capri.toml');
fs.writeFileSync(config, `[server]
hostname = "mail.perf.test"
domain = "perf.test"
data_directory = "${directory}/data"
[[tls.certificates]]
certificate = "${certificate}"
key = "${key}"
[limits]
connections = 0
connections_per_address = 0
connections_per_minute = 0
[dns]
servers = ["127.0.0.1:${dnsPort}"]
[authenticity]
enforcement = "${o.without ? 'off' : 'enforce'}"
trusted_networks = []
[listeners.smtp]
addresses = ["127.0.0.1"]
port = ${smtpPort}
`);
execFileSync(node, ['--conditions=source', path.join(repository, 'bench/inbound/set-up.ts'), config], { stdio: 'inherit' });
const server = spawn(node, [...(process.env.NODE_FLAGS ?? '').split(' ').filter(Boolean), '--conditions=source', '--disable-warning=ExperimentalWarning', path.join(repository, 'server/src/main.ts'), 'serve', '--config', config], { cwd: directory, stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, UV_THREADPOOL_SIZE: '16' } });
await new Promise((resolve, reject) => {
  let log = '';
  server.stderr.on('data', (chunk) => { log += chunk; if (log.includes('server.started')) resolve(); log = log.slice(-4000); });
  server.once('exit', () => reject(new Error(log)));
});
o.pid = server.pid; o.smtp = smtpPort;

const corpus = new Corpus();
let sequence = 0;
try {
  for (const conc of list(o.conc)) {
    const rates = []; const cpus = []; const latencies = [];
    for (let left = o.warm; left > 0; left -= o.n) await deliver(conc, Math.min(left, o.n));
    for (let run = 0; run < o.runs; run++) {
      const { rate, cpuS } = await deliver(conc, o.n, latencies);
      rates.push(rate); cpus.push(cpuS);
    }
    latencies.sort((a, b) => a - b);
    emit(o, 'W9.inbound', { checks: !o.without, conc, size: o.size, domains: o.domains }, rates, 'msgs/s', { cpu: cpus, rss: memMb(o), p50_ms: latencies[latencies.length >> 1], p99_ms: latencies[Math.floor(latencies.length * 0.99)] });
  }
} finally {
  server.kill('SIGTERM');
  await new Promise((resolve) => server.once('exit', resolve));
  dns.disconnect();
  proveChecked();
  if (!process.env.NODE_FLAGS) fs.rmSync(directory, { recursive: true, force: true });
  else process.stderr.write(`profiles are in ${directory}\n`);
}
process.exit(0);

/** `n` signed messages over `conc` connections: messages a second, and seconds of processor time of the server. */
async function deliver(conc, n, latencies = []) {
  const messages = Array.from({ length: n }, (_, index) => {
    const signer = signers[index % signers.length];
    return { from: `a@${signer.domain}`, data: dotStuff(signer.sign(messageOf(signer.domain, sequence++))) };
  });
  const connections = await Promise.all(Array.from({ length: conc }, () => Smtp.connect(o, { port: smtpPort })));
  const cpuBefore = cpu(o); const begun = now();
  await pool(n, conc, async (index, worker) => {
    const at = now();
    await connections[worker].send(messages[index].from, [`u${1 + (index % 60)}@perf.test`], messages[index].data);
    latencies.push(now() - at);
  });
  const rate = n / ((now() - begun) / 1000); const cpuS = cpu(o) - cpuBefore;
  for (const connection of connections) await connection.quit();
  return { rate, cpuS };
}

/** Figures of mail that was not checked, or did not pass, would be worth nothing. */
function proveChecked() {
  const database = new Database(path.join(directory, 'data/store/metadata.sqlite'), { readonly: true });
  const found = database.prepare("SELECT json_extract(details, '$.checks.dmarc.result') AS dmarc, json_extract(details, '$.checks.dkim[0].result') AS dkim, json_extract(details, '$.checks.spf.result') AS spf, count(*) AS messages, avg(length(details)) AS octets FROM trail WHERE event = 'received' GROUP BY 1, 2, 3").all();
  database.close();
  const wanted = o.without ? null : 'pass';
  if (found.length !== 1 || [found[0].dmarc, found[0].dkim, found[0].spf].some((result) => result !== wanted)) throw new Error(`not every message was checked and passed: ${JSON.stringify(found)}`);
}

/** The corpus's message as this domain would write it: From is its own. */
function messageOf(domain, n) {
  const text = corpus.message(n, { size: o.size, salt: crypto.randomBytes(4).toString('hex') }).toString('latin1');
  return Buffer.from(text.replace(/^From:.*\r\n(?:[ \t].*\r\n)*/m, `From: A <a@${domain}>\r\n`), 'latin1');
}
