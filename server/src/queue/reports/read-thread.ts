/** The thread that unpacks and reads one mail with reports, and then ends: what strangers have packed must not hold up anybody (read-mails.ts). */
import { parentPort, workerData } from 'node:worker_threads';
import { readReportMail } from './read/report-mail.ts';

const { mail } = workerData as { readonly mail: Uint8Array };
parentPort?.postMessage(readReportMail(Buffer.from(mail.buffer, mail.byteOffset, mail.length)));
