/** Pages of the queue, and what chooses the messages on them. */
import { z } from 'zod';
import { yieldToLoop } from '#core/async.ts';
import { listQueued, type QueueFilter, type QueuePage } from '#queue/list-queued.ts';
import type { Store } from '#store/store.ts';
import { accountNamed } from './define.ts';
import { type Language, language, showQueued, type ShownQueued, shownQueued } from './shown-queued.ts';

export interface ShownPage {
  readonly queued: readonly ShownQueued[];
  /** Where the next page begins. */
  readonly next: string | null;
}

export const shownPage: z.ZodType<ShownPage> = z.object({ queued: z.array(shownQueued), next: z.string().nullable() });

/** Which messages: all that fit everything that is said. */
export interface FilterInput {
  readonly state?: 'waiting' | 'held' | 'trying' | undefined;
  readonly domain?: string | undefined;
  readonly sender?: string | undefined;
  readonly account?: string | undefined;
}
export const filterShape: FilterShape = {
  state: z.enum(['waiting', 'held', 'trying']).optional(),
  domain: z.string().min(1).optional(),
  sender: z.string().min(1).optional(),
  account: z.string().min(1).optional(),
};
type FilterShape = { readonly [K in keyof FilterInput]-?: z.ZodType<FilterInput[K]> };

/** Where a page begins, how long it is, and in which language it explains. */
export interface PageInput {
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
  readonly language?: Language | undefined;
}
/** Messages of the longest page. */
export const MOST_PAGE = 1000;
export const pageShape: PageShape = { after: z.string().optional(), limit: z.number().int().min(1).max(MOST_PAGE).optional(), language };
type PageShape = { readonly [K in keyof PageInput]-?: z.ZodType<PageInput[K]> };

const PAGE = 100;
const MOST_LOOKS = 40;

/** A page of `listQueued`. A query has no wait inside, so others get their turn before each: a filter that fits nothing goes through all that waits. */
export async function lookInto(store: Pick<Store, 'query'>, filter: QueueFilter, after: string, limit: number): Promise<QueuePage> {
  await yieldToLoop();
  return await store.query(listQueued(filter, after, limit));
}

/** Each look is bounded and so is their number: a page of few hits among very many comes out short. */
export async function readPage(store: Pick<Store, 'query'>, filter: QueueFilter, { after, limit, language: words = 'en' }: PageInput): Promise<ShownPage> {
  const shown: ShownQueued[] = [];
  const most = limit ?? PAGE;
  let from: string | undefined = after ?? '';
  for (let looks = 0; looks < MOST_LOOKS && from !== undefined && shown.length < most; looks++) {
    const page: QueuePage = await lookInto(store, filter, from, most - shown.length);
    shown.push(...page.queued.map((queued) => showQueued(queued, words)));
    from = page.next;
  }
  return { queued: shown, next: from ?? null };
}

/** Throws `account-not-found`. */
export async function filterOf(store: Store, { state, domain, sender, account }: FilterInput): Promise<QueueFilter> {
  const found = account === undefined ? undefined : await store.query(accountNamed(account));
  return { state, domain: domain?.toLowerCase(), sender, account: found?.account };
}
