/**
 * What an administrator can do, as data: a name, what goes in, what comes out, who may, and the work. One list (operations.ts) serves the command line
 * with the server running or stopped; HTTP will use the same.
 */
import type { z } from 'zod';
import type { Clock } from '#core/clock.ts';
import type { StubResolver } from '#net/dns/stub-resolver.ts';
import type { Store } from '#store/store.ts';

/** What operations work with. */
export interface AdminServices {
  readonly store: Store;
  readonly clock: Clock;
  /** The domain of `[server]`: where accounts get their first address. */
  readonly primaryDomain: string;
  readonly dataDirectory: string;
  readonly site: Site;
  /** Asks the DNS, as the server does. */
  readonly resolver: () => Promise<StubResolver>;
}

/** The server as the world sees it. */
export interface Site {
  /** The name that mail programs connect to. */
  readonly hostname: string;
  /** The name in MX records and in HELO. */
  readonly mailHostname: string;
  /** The ports that are open, by IANA service name. */
  readonly ports: ReadonlyMap<string, number>;
  /** Text of the record that announces our MTA-STS policy; undefined where none is served. */
  readonly stsRecord?: string | undefined;
  /** How long retired DKIM keys stay published. */
  readonly keepRetiredMs: number;
}

/** Who may: `admin` is the administrator of the server. */
export type Permission = 'admin';

export interface Operation<Input, Output> {
  /** `account.add` */
  readonly name: string;
  readonly about: string;
  readonly permission: Permission;
  readonly input: z.ZodType<Input>;
  readonly output: z.ZodType<Output>;
  /** Throws DomainError. */
  run(services: AdminServices, input: Input): Promise<Output>;
}

/** An operation with its types forgotten: for lists of them. Input is checked by `input` before `run` sees it. */
export interface AnyOperation {
  readonly name: string;
  readonly about: string;
  readonly permission: Permission;
  /** Checks the input and does the work. Throws DomainError, `bad-request` where the input does not fit. */
  call(services: AdminServices, input: unknown): Promise<unknown>;
}
