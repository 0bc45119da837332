/** Every address of this machine, looked at anew once a minute. */
import os from 'node:os';
import { canonicalAddress } from '#net/address.ts';

const LOOK_EVERY_MS = 60_000;

/** Whether an address is one of this machine's. */
export function machineAddresses(): (address: string) => boolean {
  let known = new Set<string>();
  let untilMs = 0;
  return (address) => {
    if (performance.now() >= untilMs) {
      untilMs = performance.now() + LOOK_EVERY_MS;
      known = new Set(Object.values(os.networkInterfaces()).flatMap((all) => (all ?? []).map((one) => canonicalAddress(one.address) ?? one.address)));
    }
    return known.has(address);
  };
}
