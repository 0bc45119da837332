/**
 * An aggregate report as XML.
 *
 * RFC 9990 §3.1 (elements), Appendix A (schema)
 */
import type { DmarcRow, DomainTally } from './tally.ts';

export interface ReportHeading {
  readonly organization: string;
  readonly email: string;
  readonly reportId: string;
  /** Seconds since 1970, both inclusive. */
  readonly begin: number;
  readonly end: number;
  readonly generator: string;
}

/** The document in UTF-8. */
export function writeDmarcXml(heading: ReportHeading, tally: DomainTally): string {
  const { published } = tally;
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<feedback xmlns="urn:ietf:params:xml:ns:dmarc-2.0">',
    '<version>1.0</version>',
    '<report_metadata>',
    element('org_name', heading.organization),
    element('email', heading.email),
    element('report_id', heading.reportId),
    `<date_range>${element('begin', String(heading.begin))}${element('end', String(heading.end))}</date_range>`,
    ...(tally.leftOut > 0 ? [element('error', `${tally.leftOut} messages are left out: there were too many kinds of them`)] : []),
    element('generator', heading.generator),
    '</report_metadata>',
    '<policy_published>',
    element('domain', tally.domain),
    element('discovery_method', 'treewalk'),
    element('p', published.p),
    element('sp', published.sp),
    element('np', published.np),
    element('adkim', published.adkim),
    element('aspf', published.aspf),
    element('testing', published.isTesting ? 'y' : 'n'),
    '</policy_published>',
    ...tally.rows.map(({ row, count }) => record(row, count)),
    '</feedback>',
    '',
  ];
  return lines.join('\n');
}

function record(row: DmarcRow, count: number): string {
  const { spfResult: spf } = row;
  return [
    '<record>',
    '<row>',
    element('source_ip', row.sourceIp),
    element('count', String(count)),
    '<policy_evaluated>',
    element('disposition', row.disposition),
    element('dkim', row.dkim),
    element('spf', row.spf),
    ...row.overrides.map(({ type, comment }) => `<reason>${element('type', type)}${comment === '' ? '' : element('comment', comment)}</reason>`),
    '</policy_evaluated>',
    '</row>',
    '<identifiers>',
    element('header_from', row.headerFrom),
    ...(row.envelopeFrom === '' ? [] : [element('envelope_from', row.envelopeFrom)]),
    '</identifiers>',
    '<auth_results>',
    ...row.dkimResults.map(
      ({ domain, selector, result }) => `<dkim>${element('domain', domain)}${element('selector', selector)}${element('result', result)}</dkim>`,
    ),
    // The schema has one scope; where the reverse-path was null, the HELO name stands in for its domain (RFC 7208 §2.4).
    `<spf>${element('domain', spf.domain)}${spf.scope === 'mfrom' ? element('scope', 'mfrom') : ''}${element('result', spf.result)}</spf>`,
    '</auth_results>',
    '</record>',
  ].join('\n');
}

function element(name: string, text: string): string {
  return `<${name}>${escape(text)}</${name}>`;
}

/** What XML 1.0 cannot hold (§2.2) is shown as a question mark: names in reports come from strangers. */
function escape(text: string): string {
  return text
    .toWellFormed()
    .replace(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '?')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;');
}
