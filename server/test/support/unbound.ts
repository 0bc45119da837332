/** Debian's unbound as the validating resolver, over zones signed here: a real AD bit, real SERVFAIL for what is forged. */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { StubResolver } from '#net/dns/stub-resolver.ts';
import type { DnsServer } from '#net/dns/transport.ts';
import { freePort } from './free-port.ts';
import { run } from './outside.ts';

export interface SignedZones {
  /** By name, without the final dot; lines as in a zone file, without SOA and NS. */
  readonly signed: Readonly<Record<string, readonly string[]>>;
  /** Nobody vouches for these. */
  readonly unsigned?: Readonly<Record<string, readonly string[]>>;
  /** Changes a signed zone behind its signer's back: what is forged. */
  readonly forge?: (zoneText: string) => string;
}

export interface Unbound extends AsyncDisposable {
  readonly server: DnsServer;
  resolver(): StubResolver;
}

export async function startUnbound({ signed, unsigned = {}, forge }: SignedZones): Promise<Unbound> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'capri-unbound-'));
  const port = await freePort();
  const anchors: string[] = [];
  const files: Array<readonly [zone: string, file: string]> = [];
  for (const [zone, lines] of Object.entries(signed)) {
    const file = path.join(folder, zone);
    fs.writeFileSync(file, zoneText(zone, lines));
    const key = (await ldns(folder, 'ldns-keygen', ['-k', '-a', 'ECDSAP256SHA256', zone])).trim();
    await ldns(folder, 'ldns-signzone', ['-n', '-o', zone, '-f', `${file}.signed`, file, key]);
    if (forge) fs.writeFileSync(`${file}.signed`, forge(fs.readFileSync(`${file}.signed`, 'utf8')));
    anchors.push(path.join(folder, `${key}.ds`));
    files.push([zone, `${file}.signed`]);
  }
  for (const [zone, lines] of Object.entries(unsigned)) {
    const file = path.join(folder, zone);
    fs.writeFileSync(file, zoneText(zone, lines));
    files.push([zone, file]);
  }
  fs.writeFileSync(path.join(folder, 'unbound.conf'), configText(folder, port, anchors, files));
  const child = spawn('unbound', ['-c', path.join(folder, 'unbound.conf'), '-d'], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const server = { address: '127.0.0.1', port };
  const resolver = (): StubResolver => new StubResolver({ servers: [server] });
  const unbound: Unbound = {
    server,
    resolver,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await ended;
      fs.rmSync(folder, { recursive: true, force: true });
    },
  };
  const [first = 'test'] = Object.keys(signed);
  for (let attempt = 0; ; attempt++) {
    try {
      await resolver().resolveMx(first);
      return unbound;
    } catch (error) {
      const log = path.join(folder, 'unbound.log');
      const told = fs.existsSync(log) ? fs.readFileSync(log, 'utf8') : '';
      if (attempt < 100 && child.exitCode === null) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        continue;
      }
      await unbound[Symbol.asyncDispose]();
      throw new Error(`unbound did not start:\n${told}`, { cause: error });
    }
  }
}

function zoneText(zone: string, lines: readonly string[]): string {
  return [
    `$ORIGIN ${zone}.`,
    '$TTL 300',
    `@ IN SOA ns.${zone}. root.${zone}. 1 3600 600 86400 60`,
    `@ IN NS ns.${zone}.`,
    'ns IN A 127.0.0.1',
    ...lines,
    '',
  ].join('\n');
}

function configText(folder: string, port: number, anchors: readonly string[], zones: ReadonlyArray<readonly [string, string]>): string {
  return `server:
  interface: 127.0.0.1@${port}
  port: ${port}
  do-ip6: no
  username: ""
  chroot: ""
  directory: "${folder}"
  pidfile: "${folder}/unbound.pid"
  use-syslog: no
  logfile: "${folder}/unbound.log"
  local-zone: "test." nodefault
  module-config: "validator iterator"
${anchors.map((file) => `  trust-anchor-file: "${file}"`).join('\n')}
remote-control:
  control-enable: no
${zones.map(([zone, file]) => `auth-zone:\n  name: "${zone}."\n  zonefile: "${file}"\n  for-upstream: yes\n  for-downstream: no`).join('\n')}
`;
}

async function ldns(folder: string, command: string, arguments_: readonly string[]): Promise<string> {
  const { status, output } = await run(command, arguments_, { cwd: folder });
  if (status !== 0) throw new Error(`${command} failed: ${output}`);
  return output;
}
