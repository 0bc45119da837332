/**
 * What the directory has answered since it last changed. The same few addresses are asked for again and again, and each question costs the reader's page cache,
 * which every commit of the writer empties: without this a quarter of the time of taking a message in.
 *
 * A change of the directory empties it, a hint's way (a millisecond) after the commit. Of addresses only what is there is remembered, so that one just made works at
 * once; of domains also that they are not received here, because that is asked for each recipient elsewhere. How full a mailbox is is always asked.
 */
import type { AccountId } from '#core/ids.ts';
import type { Identity, Resolution } from '#directory/directory.ts';
import type { Store } from '#store/store.ts';
import type { DeliveryDirectory } from './settings.ts';

/** Addresses; when there are more, it begins anew. */
const LIMIT = 20_000;

export class DirectoryMemory implements DeliveryDirectory {
  readonly #directory: DeliveryDirectory;
  readonly #resolutions = new Map<string, Resolution>();
  readonly #domains = new Map<string, boolean>();
  readonly #own = new Set<string>();
  #current = new WeakSet<Identity>();

  constructor(directory: DeliveryDirectory, store: Pick<Store, 'onNotify'>) {
    this.#directory = directory;
    // Lasts as long as the store of this thread.
    store.onNotify('directory', () => this.#forget());
  }

  /** `Directory.resolve`. */
  async resolve(localPart: string, domain: string): Promise<Resolution | undefined> {
    const key = `${localPart}@${domain}`;
    const known = this.#resolutions.get(key);
    if (known !== undefined) {
      if (known.quotaBytes === 0) return known;
      const { usedBytes } = await this.#directory.quota(known.account);
      return { ...known, usedBytes };
    }
    if (!(await this.isLocalDomain(domain))) return undefined;
    const found = await this.#directory.resolve(localPart, domain);
    if (found === undefined) return undefined;
    if (this.#resolutions.size >= LIMIT) this.#resolutions.clear();
    this.#resolutions.set(key, found);
    return found;
  }

  /** `Directory.maySendAs`. */
  async maySendAs(account: AccountId, localPart: string, domain: string): Promise<boolean> {
    const key = `${account} ${localPart}@${domain}`;
    if (this.#own.has(key)) return true;
    const isOwn = await this.#directory.maySendAs(account, localPart, domain);
    if (isOwn) {
      if (this.#own.size >= LIMIT) this.#own.clear();
      this.#own.add(key);
    }
    return isOwn;
  }

  /** `Directory.isCurrent`. */
  async isCurrent(identity: Identity): Promise<boolean> {
    if (this.#current.has(identity)) return true;
    const isCurrent = await this.#directory.isCurrent(identity);
    if (isCurrent) this.#current.add(identity);
    return isCurrent;
  }

  resolvePostmaster(): Promise<Resolution> {
    return this.#directory.resolvePostmaster();
  }

  /** `Directory.isLocalDomain`. */
  async isLocalDomain(domain: string): Promise<boolean> {
    const known = this.#domains.get(domain);
    if (known !== undefined) return known;
    const isLocal = await this.#directory.isLocalDomain(domain);
    if (this.#domains.size >= LIMIT) this.#domains.clear();
    this.#domains.set(domain, isLocal);
    return isLocal;
  }

  quota(account: AccountId): ReturnType<DeliveryDirectory['quota']> {
    return this.#directory.quota(account);
  }

  #forget(): void {
    this.#resolutions.clear();
    this.#domains.clear();
    this.#own.clear();
    this.#current = new WeakSet();
  }
}
