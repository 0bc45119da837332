/** Mail for people here that was held back until its time (FUTURERELEASE): it waits in the queue and is filed when the time has come. RFC 4865 §4 */
import { Semaphore } from '#core/async.ts';
import type { Job } from './lane.ts';
import type { QueueServices } from './settings.ts';
import type { Outcome } from './transport.ts';

/** Messages filed at one time. */
const AT_ONCE = 4;

export class Filing {
  readonly #services: Pick<QueueServices, 'deliverHere' | 'log'>;
  readonly #room = new Semaphore(AT_ONCE);

  constructor(services: Pick<QueueServices, 'deliverHere' | 'log'>) {
    this.#services = services;
  }

  /** What came of each recipient. Never throws. */
  async file(job: Job): Promise<readonly Outcome[]> {
    return await this.#room.use(async () => {
      const outcomes: Outcome[] = [];
      for (const { localPart, domain } of job.recipients) outcomes.push(await this.#fileFor(job, localPart, domain));
      return outcomes;
    });
  }

  async #fileFor({ message, content }: Job, localPart: string, domain: string): Promise<Outcome> {
    try {
      const isFiled = (await this.#services.deliverHere?.({ sender: message.sender, localPart, domain, content })) ?? false;
      return isFiled
        ? { kind: 'delivered', status: '2.1.5', reply: 'filed', host: undefined, isHere: true }
        : { kind: 'failed', status: '5.1.1', reply: 'No such user here', host: undefined };
    } catch (error) {
      this.#services.log.error('queue.failed', error, { queueId: message.queueId });
      return { kind: 'deferred', status: '4.3.0', reply: 'the mailbox could not take the message', host: undefined };
    }
  }
}
