/**
 * What a delivery status notification of another server says.
 *
 * RFC 3464 §2 (fields of the message, then of each recipient, divided by empty lines) · RFC 6522 (multipart/report) · RFC 6533 §3 (global-delivery-status)
 */
import { Header } from './header.ts';
import { findParameter, parseValueWithParameters } from './parameters.ts';
import type { Part } from './part.ts';

export interface ReportedRecipient {
  /** `failed`, `delayed`, `delivered`, `relayed`, `expanded`; lower case. */
  readonly action: string;
  /** RFC 3463; `5.0.0` where it cannot be read and it has failed. */
  readonly status: string;
  /** The server that said so; undefined where it is not told. */
  readonly host: string | undefined;
  /** In the words of that server, else the status. */
  readonly diagnostic: string;
}

const MOST_RECIPIENTS = 100;
const MOST_VALUE = 500;

/** Whether a message is such a notification, as its Content-Type says. */
export function isDsn(contentType: string): boolean {
  const { value, parameters } = parseValueWithParameters(contentType);
  return value === 'multipart/report' && findParameter(parameters, 'report-type')?.value.toLowerCase() === 'delivery-status';
}

/** The part for programs; undefined where there is none, or one that is encoded. */
export function statusPart({ children }: Part): Part | undefined {
  return children.find(({ content: { type, subtype, encoding } }) => type === 'message' && STATUS.has(subtype) && PLAIN.has(encoding));
}

const STATUS = new Set(['delivery-status', 'global-delivery-status']);
const PLAIN = new Set(['7bit', '8bit', 'binary']);

/** Its recipients, 100 at most. Never throws. */
export function readDeliveryStatus(octets: Uint8Array): readonly ReportedRecipient[] {
  const [message = '', ...groups] = Buffer.from(octets)
    .toString('latin1')
    .split(/\r?\n[ \t]*\r?\n/, MOST_RECIPIENTS + 1);
  const reporting = hostIn(new Header(Buffer.from(message, 'latin1')), 'reporting-mta');
  return groups.flatMap((group) => recipientIn(new Header(Buffer.from(group, 'latin1')), reporting));
}

function recipientIn(header: Header, reporting: string | undefined): readonly ReportedRecipient[] {
  const action = value(header, 'action').toLowerCase();
  if (!/^[a-z]{1,20}$/.test(action)) return [];
  const status = /^[245]\.\d{1,3}\.\d{1,3}/.exec(value(header, 'status'))?.[0] ?? '5.0.0';
  const diagnostic = value(header, 'diagnostic-code').replace(/^[A-Za-z0-9-]{1,20};\s*/, '');
  return [{ action, status, host: hostIn(header, 'remote-mta') ?? reporting, diagnostic: diagnostic === '' ? status : diagnostic }];
}

/** `dns; mx.example.org` */
function hostIn(header: Header, name: string): string | undefined {
  return /^dns;\s*([A-Za-z0-9.-]{1,253})/i.exec(value(header, name))?.[1]?.toLowerCase();
}

function value(header: Header, name: string): string {
  return Buffer.from(header.first(name) ?? '', 'latin1')
    .toString('utf8')
    .replace(/\p{Cc}+/gu, ' ')
    .trim()
    .slice(0, MOST_VALUE);
}
