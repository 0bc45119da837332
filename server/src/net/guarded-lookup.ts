/**
 * A look-up for Node's clients that asks our resolver, and gives only addresses that may be connected to: Node's own would neither use it nor leave private ones out.
 * It is not asked for a host that is an address itself: callers must not connect to such.
 */
import type { LookupFunction } from 'node:net';
import type { Resolver } from './dns/resolver.ts';

export interface LookupRules {
  readonly resolver: Pick<Resolver, 'resolveAddresses'>;
  /** Which addresses may be asked. */
  isAllowed(address: string): boolean;
}

export function guardedLookup(rules: LookupRules): LookupFunction {
  return (host, options, answer) => {
    void addressesOf(rules, host).then((found) => {
      if (found instanceof Error) answer(found, '', 0);
      else if (options.all === true) answer(null, found.map(asLookedUp));
      else answer(null, found[0], familyOf(found[0]));
    });
  };
}

async function addressesOf(rules: LookupRules, host: string): Promise<readonly [string, ...string[]] | Error> {
  try {
    const { records } = await rules.resolver.resolveAddresses(host);
    const [first, ...others] = records.filter((address) => rules.isAllowed(address));
    return first === undefined ? new Error('has no address on the public internet') : [first, ...others];
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function asLookedUp(address: string): { readonly address: string; readonly family: 4 | 6 } {
  return { address, family: familyOf(address) };
}

function familyOf(address: string): 4 | 6 {
  return address.includes(':') ? 6 : 4;
}
