/**
 * What the directory has answered since it last changed: without this a quarter of the time of taking a message in.
 *
 * A change of the directory empties it, a hint's way (a millisecond) after the commit. Of addresses only what is there is remembered, so that one just made works at
 * once; of domains also that they are not received here, because that is asked for each recipient elsewhere. How full a mailbox is is always asked.
 */
import type { AccountId } from '#core/ids.ts';
import { Memory } from '#core/memory.ts';
import type { Identity, Resolution } from '#directory/directory.ts';
import type { Store } from '#store/store.ts';
import type { DeliveryDirectory } from './settings.ts';

/** Addresses. */
const LIMIT = 20_000;

export class DirectoryMemory implements DeliveryDirectory {
  readonly #directory: DeliveryDirectory;
  readonly #resolutions = new Memory<string, Resolution | undefined>(LIMIT);
  readonly #domains = new Memory<string, boolean>(LIMIT);
  readonly #own = new Memory<string, boolean>(LIMIT);
  #current = new WeakSet<Identity>();

  constructor(directory: DeliveryDirectory, store: Pick<Store, 'onNotify'>) {
    this.#directory = directory;
    // Lasts as long as the store of this thread.
    store.onNotify('directory', () => this.#forget());
  }

  /** `Directory.resolve`. */
  async resolve(localPart: string, domain: string): Promise<Resolution | undefined> {
    let isFresh = false;
    const found = await this.#resolutions.of(
      `${localPart}@${domain}`,
      async () => {
        isFresh = true;
        return (await this.isLocalDomain(domain)) ? await this.#directory.resolve(localPart, domain) : undefined;
      },
      isThere,
    );
    if (isFresh || found === undefined || found.quotaBytes === 0) return found;
    const { usedBytes } = await this.#directory.quota(found.account);
    return { ...found, usedBytes };
  }

  /** `Directory.maySendAs`. */
  async maySendAs(account: AccountId, localPart: string, domain: string): Promise<boolean> {
    return await this.#own.of(`${account} ${localPart}@${domain}`, () => this.#directory.maySendAs(account, localPart, domain), isTrue);
  }

  /** `Directory.isCurrent`. */
  async isCurrent(identity: Identity): Promise<boolean> {
    const current = this.#current;
    if (current.has(identity)) return true;
    const isCurrent = await this.#directory.isCurrent(identity);
    if (isCurrent) current.add(identity);
    return isCurrent;
  }

  resolvePostmaster(): Promise<Resolution> {
    return this.#directory.resolvePostmaster();
  }

  /** `Directory.isLocalDomain`. */
  async isLocalDomain(domain: string): Promise<boolean> {
    return await this.#domains.of(domain, () => this.#directory.isLocalDomain(domain));
  }

  quota(account: AccountId): ReturnType<DeliveryDirectory['quota']> {
    return this.#directory.quota(account);
  }

  #forget(): void {
    for (const memory of [this.#resolutions, this.#domains, this.#own]) memory.forget();
    this.#current = new WeakSet();
  }
}

function isThere(found: Resolution | undefined): boolean {
  return found !== undefined;
}

function isTrue(answer: boolean): boolean {
  return answer;
}
