/** What forwarding needs of the rest of the house: on the way in, and for mail of the server's own. */
import type { Clock } from '#core/clock.ts';
import type { DeliveryDirectory, DeliverySettings } from '../settings.ts';
import type { ForwardBook } from './forward-book.ts';

export interface ForwardingServices {
  readonly directory: Pick<DeliveryDirectory, 'resolve' | 'isLocalDomain'>;
  readonly forwards: ForwardBook;
  readonly clock: Clock;
  readonly settings: Pick<DeliverySettings, 'hostname' | 'forwarding'>;
}
