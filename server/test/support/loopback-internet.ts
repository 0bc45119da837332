/**
 * Loaded into a server under test before anything else (`--import`): to it, 127.77.0.0/16 belongs to the public internet, MX hosts are asked on the port
 * CAPRI_TEST_MX_PORT instead of 25, and policies of MTA-STS fetched from CAPRI_TEST_HTTPS_PORT instead of 443. So a whole server can be seen to find, check and reach
 * the hosts of other domains, and the server itself has no setting that would let it talk to its own network. A place that is not found any more fails the start.
 */
import { registerHooks } from 'node:module';

interface Change {
  readonly module: string;
  readonly from: string;
  readonly to: string;
}

const CHANGES: readonly Change[] = [
  {
    module: '/src/net/address.ts',
    from: 'export function isPublicAddress(address: string): boolean {\n',
    to: "export function isPublicAddress(address: string): boolean {\n  if (address.startsWith('127.77.')) return true;\n",
  },
  {
    module: '/src/smtp/client/hosts.ts',
    from: 'PUBLIC_HOSTS: HostRules = { port: 25,',
    to: `PUBLIC_HOSTS: HostRules = { port: ${port('CAPRI_TEST_MX_PORT', 25)},`,
  },
  { module: '/src/queue/transport-security/fetch-policy.ts', from: 'fetcher.port ?? 443', to: `fetcher.port ?? ${port('CAPRI_TEST_HTTPS_PORT', 443)}` },
];

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    const changes = CHANGES.filter(({ module }) => url.endsWith(module));
    if (changes.length === 0) return loaded;
    let source = typeof loaded.source === 'string' ? loaded.source : Buffer.from(loaded.source as Uint8Array).toString('utf8');
    for (const { module, from, to } of changes) {
      if (!source.includes(from)) throw new Error(`${module} has no "${from}" any more: mend test/support/loopback-internet.ts`);
      source = source.replace(from, to);
    }
    return { ...loaded, source };
  },
});

function port(name: string, standard: number): number {
  return Number(process.env[name] ?? standard);
}
