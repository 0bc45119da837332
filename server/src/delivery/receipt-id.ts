/** Names of accepted messages; the queue makes such names too. */
export { newReceiptId } from '#core/receipt-id.ts';
