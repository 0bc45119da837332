/** An aggregate report as a mail. RFC 9990 §3.5 (transport, file name, subject) */
import { gzipSync } from 'node:zlib';
import { buildMessage, dateField, messageIdField } from '#message/build.ts';
import { splitAddress } from '../../path-text.ts';
import type { ReportAddress } from '../mailto.ts';
import { dayStartMs, type ReportSettings } from '../settings.ts';
import type { DomainTally } from './tally.ts';
import { writeDmarcXml } from './xml.ts';

export interface DmarcReportMail {
  readonly tally: DomainTally;
  readonly day: string;
  readonly to: readonly ReportAddress[];
  readonly settings: ReportSettings;
  /** The id of the report and of its mail. */
  readonly id: string;
  readonly nowMs: number;
}

const DAY_SECONDS = 86_400;
export const GENERATOR = 'Capri';

export function writeDmarcMail({ tally, day, to, settings, id, nowMs }: DmarcReportMail): Buffer {
  const { organization, contact, hostname, sender } = settings;
  const begin = dayStartMs(day) / 1000;
  const end = begin + DAY_SECONDS - 1;
  const xml = writeDmarcXml({ organization, email: contact, reportId: id, begin, end, generator: GENERATOR }, tally);
  const messages = tally.rows.reduce((sum, { count }) => sum + count, tally.leftOut);
  const from = splitAddress(sender);
  return buildMessage(
    [
      { name: 'From', addresses: [{ name: organization, ...from }] },
      { name: 'To', addresses: to.map((address) => ({ name: undefined, ...address })) },
      { name: 'Subject', raw: `Report Domain: ${tally.domain} Submitter: ${hostname} Report-ID: <${id}>` },
      dateField(nowMs),
      messageIdField(id, nowMs, from.domain),
      { name: 'Auto-Submitted', raw: 'auto-generated' },
    ],
    {
      kind: 'multipart',
      subtype: 'mixed',
      parts: [
        {
          kind: 'text',
          subtype: 'plain',
          text: `This is a DMARC aggregate report (RFC 9990) by ${organization} about mail that named ${tally.domain} as its author's domain:\n${messages} ${messages === 1 ? 'message' : 'messages'} on ${day} (UTC). Questions: ${contact}\n`,
        },
        {
          kind: 'bytes',
          type: 'application/gzip',
          bytes: gzipSync(xml),
          encoding: 'base64',
          disposition: { value: 'attachment', fileName: `${hostname}!${tally.domain}!${begin}!${end}!${id}.xml.gz` },
        },
      ],
    },
    { unique: id },
  );
}
