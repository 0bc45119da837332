/**
 * What can be done, as data: a name, what goes in, what comes out, who may, and the work. One list (operations.ts) serves the command line with the server running
 * or stopped; HTTP will use the same.
 *
 * Who asks is an argument of the call and never part of the input. An operation of the administrator names accounts in its input; one of a user gets the account of
 * who asks from the runner (define.ts) and has no other.
 */
import type { z } from 'zod';
import type { Clock } from '#core/clock.ts';
import type { StubResolver } from '#net/dns/stub-resolver.ts';
import type { SendingLimits } from '#queue/limits/settings.ts';
import type { Log } from '#log/log.ts';
import type { ReportSettings } from '#queue/reports/settings.ts';
import type { Store } from '#store/store.ts';
import type { Caller, OwnAccount } from './caller.ts';

/** What operations work with. */
export interface AdminServices {
  readonly store: Store;
  readonly clock: Clock;
  /** The domain of `[server]`: where accounts get their first address. */
  readonly primaryDomain: string;
  readonly dataDirectory: string;
  readonly site: Site;
  readonly sending: SendingLimits;
  /** Who reports to other servers. */
  readonly reports: ReportSettings;
  /** For what an administrator may look for later. */
  readonly log: Log;
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

/** Who may: the administrator of the server (`admin`), or every account that has signed in, for what is its own (`user`). */
export type Permission = 'admin' | 'user';

interface OperationFacts<Input, Output> {
  /** `account.add`; those of users begin with `own.`. */
  readonly name: string;
  readonly about: string;
  readonly input: z.ZodType<Input>;
  readonly output: z.ZodType<Output>;
}

export interface AdminOperation<Input, Output> extends OperationFacts<Input, Output> {
  readonly permission: 'admin';
  /** Throws DomainError. */
  run(services: AdminServices, input: Input): Promise<Output>;
}

export interface UserOperation<Input, Output> extends OperationFacts<Input, Output> {
  readonly permission: 'user';
  /** `own` is the account that asks, as it is now. Throws DomainError. */
  run(services: AdminServices, input: Input, own: OwnAccount): Promise<Output>;
}

/** An operation with its types forgotten: for lists of them. */
export interface AnyOperation {
  readonly name: string;
  readonly about: string;
  readonly permission: Permission;
  /**
   * Checks who asks, then the input, and does the work. Throws DomainError: `not-permitted` where the caller may not, `sign-in-refused` where its sign-in is not good
   * any more, `bad-request` where the input does not fit.
   */
  call(services: AdminServices, caller: Caller, input: unknown): Promise<unknown>;
}
