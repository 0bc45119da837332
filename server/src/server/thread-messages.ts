/** What the main thread and a protocol thread say to each other. */
import type { MessagePort } from 'node:worker_threads';
import type { Config } from '#config/config.ts';
import type { CertificatePem } from '#net/certificate.ts';
import type { Binding } from './ports.ts';
import type { SharedMemory } from './shared-memory.ts';

/** What a protocol thread is started with (`workerData`). */
export interface ProtocolThreadData {
  /** From 0; the same for the thread that takes its place. */
  readonly index: number;
  readonly config: Config;
  readonly bindings: readonly Binding[];
  readonly shared: SharedMemory;
  readonly certificates: readonly CertificatePem[];
  readonly ticketKeys: Uint8Array;
}

/** The name under which the store knows a protocol thread. */
export function streamOwner(index: number): string {
  return `protocol-${index}`;
}

/** Main thread to protocol thread. `open`: the store is there, serve; what connected before has waited. */
export type ThreadOrder =
  | { readonly kind: 'open'; readonly port: MessagePort }
  | { readonly kind: 'certificates'; readonly certificates: readonly CertificatePem[]; readonly ticketKeys: Uint8Array }
  | { readonly kind: 'stop' };

/** Protocol thread to main thread. `bound`: the ports are open. `serving`: doors are open too. `failed`: it cannot start. */
export type ThreadReport = { readonly kind: 'bound' } | { readonly kind: 'serving' } | { readonly kind: 'failed'; readonly message: string };
