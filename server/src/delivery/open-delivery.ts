/** The way in, as the doors get it from the composition root. */
import { Allowances } from '#queue/limits/allowances.ts';
import { SuppressionMemory } from '#queue/suppression-memory.ts';
import { type Delivery, Refusal } from './delivery.ts';
import { DirectoryMemory } from './directory-memory.ts';
import { ForwardBook } from './forwarding/forward-book.ts';
import { HeldMemory } from './held-memory.ts';
import type { DeliveryServices } from './settings.ts';
import { STAGES } from './stages.ts';
import { Transaction } from './transaction.ts';

export function openDelivery(given: DeliveryServices): Delivery {
  const services = {
    ...given,
    directory: new DirectoryMemory(given.directory, given.store),
    held: new HeldMemory(given.settings.heldBytes),
    forwards: new ForwardBook(given.store),
    suppressions: new SuppressionMemory(given.store),
    allowances: new Allowances(given.store, given.clock, given.settings.sending),
  };
  const stages = services.stages ?? STAGES;
  const { settings } = services;
  const limits = { messageBytes: settings.messageBytes, recipients: settings.recipients };
  return {
    limits,
    async begin(peer, sender, parameters) {
      if ((parameters.sizeBytes ?? 0) > limits.messageBytes) throw new Refusal(552, '5.3.4', 'Message is too large');
      const transaction = new Transaction(services, stages, peer, sender, parameters);
      for (const stage of stages) {
        if (stage.sender) await stage.sender(transaction);
      }
      return transaction;
    },
  };
}
