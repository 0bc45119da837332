import { deepEqual, equal, ok, throws } from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { suite, test } from 'node:test';
import { deflateRawSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { conformance, conformanceData, needs } from '../../../../test/support/outside.ts';
import { DmarcTally } from '../dmarc/tally.ts';
import { writeDmarcXml } from '../dmarc/xml.ts';
import { type DmarcContent, keepDmarc } from '../summary.ts';
import { hasPassed, readDmarcReport, ReportError } from './dmarc-report.ts';
import { readFeedbackReport } from './feedback-report.ts';
import { type FoundReport, readReportMail } from './report-mail.ts';
import { readTlsReport } from './tls-report.ts';
import { unpack, UnpackError } from './unpack.ts';
import { readXml, XmlError } from './xml.ts';

suite('samples of the wild', needs(conformanceData('dmarc/reports')), () => {
  const folder = conformance('dmarc/reports') ?? '';
  const files = (name: string): readonly string[] => fs.readdirSync(path.join(folder, name)).toSorted();
  const read = (...names: readonly string[]): Buffer => fs.readFileSync(path.join(folder, ...names));

  test('every aggregate report is read', () => {
    for (const name of [...files('aggregate').map((file) => ['aggregate', file]), ...files('extract_report').map((file) => ['extract_report', file])]) {
      const bytes = read(...name);
      const found =
        name.at(-1)?.endsWith('.eml') === true
          ? readReportMail(bytes).reports
          : unpack(bytes).map((one): FoundReport => ({ kind: 'dmarc', report: readDmarcReport(one) }));
      equal(found.length, 1, name.join('/'));
      const [first] = found;
      ok(first?.kind === 'dmarc', name.join('/'));
      ok(first.report.records.length > 0 && first.report.domain.includes('.') && first.report.endMs >= first.report.beginMs, name.join('/'));
      for (const record of first.report.records) {
        ok(/^[0-9a-f.:]+$/i.test(record.sourceIp), `${name.join('/')}: ${record.sourceIp}`);
        ok(['none', 'pass', 'quarantine', 'reject'].includes(record.disposition), `${name.join('/')}: ${record.disposition}`);
        ok(['pass', 'fail'].includes(record.dkim) && ['pass', 'fail'].includes(record.spf), `${name.join('/')}: ${record.dkim} ${record.spf}`);
      }
    }
  });

  test('a report is read with all that it says', () => {
    const report = readDmarcReport(read('aggregate', 'rfc9990-example.net!example.com!1700000000!1700086399.xml'));
    deepEqual(
      [report.organization, report.domain, report.reportId, report.beginMs],
      ['example.net', 'example.com', 'dmarcbis-test-report-001', 1_700_000_000_000],
    );
    deepEqual(report.policy, { adkim: 's', aspf: 's', p: 'reject', sp: 'quarantine', np: 'reject', testing: 'y', discovery_method: 'treewalk', fo: '1' });
    deepEqual(report.records[1], {
      sourceIp: '203.0.113.10',
      count: 2,
      disposition: 'reject',
      dkim: 'fail',
      spf: 'fail',
      reasons: ['other', 'sender not authorized'],
      headerFrom: 'example.com',
      envelopeFrom: 'spoofed.example.com',
      dkimResults: [],
      spfResults: [{ domain: 'spoofed.example.com', result: 'fail' }],
    });
    const upper = readDmarcReport(read('aggregate_invalid', 'report_with_upper_cased_pass.xml'));
    ok(hasPassed(upper.records[0] ?? { dkim: '', spf: '' }));
  });

  test('every TLS report is read', () => {
    for (const name of files('smtp_tls')) {
      const bytes = read('smtp_tls', name);
      const found = name.endsWith('.eml') ? readReportMail(bytes).reports : [{ kind: 'tls', report: readTlsReport(bytes) } as const];
      equal(found.length, 1, name);
      ok(found[0]?.kind === 'tls' && found[0].report.policies.length > 0 && found[0].report.organization !== '?', name);
    }
    const { policies } = readTlsReport(read('smtp_tls', 'rfc8460.json'));
    deepEqual(
      [policies[0]?.successes, policies[0]?.failures, policies[0]?.details.map(({ type, sessions }) => `${type} ${sessions}`)],
      [5326, 303, ['certificate-expired 100', 'starttls-not-supported 200', 'validation-failure 3']],
    );
  });

  test('every failure report is read, also one that is told in words', () => {
    for (const name of files('failure')) {
      const { reports } = readReportMail(read('failure', name));
      equal(reports.length, 1, name);
      const [found] = reports;
      ok(found?.kind === 'feedback' && found.report.kind === 'auth-failure', name);
      ok(
        found.report.reportedDomain.includes('.') && /^[0-9.]+$/.test(found.report.sourceIp) && found.report.messageId.startsWith('<'),
        `${name} ${JSON.stringify(found.report)}`,
      );
    }
  });

  test('an empty document is no report', () => {
    throws(() => readDmarcReport(read('empty.xml')), ReportError);
  });
});

test('what we write is what we read', () => {
  const word = fc.stringMatching(/^[a-z0-9]{1,10}$/);
  const name = fc.tuple(word, word).map((labels) => labels.join('.'));
  const result = fc.constantFrom('pass', 'fail', 'neutral', 'temperror');
  fc.assert(
    fc.property(
      name,
      fc.array(fc.record({ ip: fc.ipV6(), selector: fc.string({ minLength: 1, maxLength: 20 }), result }), { minLength: 1, maxLength: 20 }),
      (domain, mails) => {
        const tally = new DmarcTally();
        const published = { p: 'reject', sp: 'none', np: 'quarantine', adkim: 'r', aspf: 's', isTesting: false } as const;
        for (const { ip, selector, result: outcome } of mails) {
          const isPass = outcome === 'pass';
          const dmarc = {
            result: isPass ? 'pass' : 'fail',
            from: domain,
            policyDomain: domain,
            policy: 'reject',
            published,
            reportTo: ['mailto:a@b.example'],
            alignedSpf: false,
            alignedDkim: isPass,
          } as const;
          const dkim = [{ result: outcome as 'pass', domain, selector, algorithm: 'rsa-sha256' }];
          const checks = {
            action: 'accept',
            enforced: true,
            reasons: [],
            spf: { result: 'none', domain, scope: 'mfrom' },
            dkim,
            dmarc,
            iprev: { result: 'pass' },
          } as const;
          tally.add({ checks, sourceIp: ip, sender: '', isRefused: false });
        }
        const [written] = [...tally.domains()];
        ok(written);
        const xml = writeDmarcXml({ organization: 'A & B <c>', email: 'p@b.example', reportId: 'x', begin: 86_400, end: 172_799, generator: 'g' }, written);
        const back = readDmarcReport(gzipRoundTrip(xml));
        deepEqual([back.organization, back.domain, back.beginMs, back.endMs], ['A & B <c>', domain, 86_400_000, 172_799_000]);
        deepEqual(back.policy, { p: 'reject', sp: 'none', np: 'quarantine', adkim: 'r', aspf: 's', testing: 'n', discovery_method: 'treewalk' });
        equal(
          back.records.reduce((sum, { count }) => sum + count, 0),
          mails.length,
        );
        deepEqual(
          back.records.map(({ sourceIp, dkim }) => `${sourceIp} ${dkim}`),
          written.rows.map(({ row }) => `${row.sourceIp} ${row.dkim}`),
        );
      },
    ),
  );
});

test('extensions of a report say nothing about the report itself', () => {
  const report = (prefix: string): string =>
    `<feedback xmlns${prefix === '' ? '' : `:${prefix.slice(0, -1)}`}="urn:ietf:params:xml:ns:dmarc-2.0" xmlns:ext="urn:example:ext">
<version>1.0</version>
<report_metadata><org_name>Far</org_name><email>a@far.example</email><extra_contact_info lang="pl">ą</extra_contact_info><report_id>r1</report_id>
<date_range><begin>1</begin><end>2</end></date_range><error lang="en">two records</error><generator>x 1</generator></report_metadata>
<policy_published><domain>capri.example</domain><p>reject</p><ext:p>none</ext:p></policy_published>
<extension><ext:domain>other.example</ext:domain><ext:record><ext:row><ext:count>9</ext:count></ext:row></ext:record></extension>
<record><row><source_ip>192.0.2.1</source_ip><count>2</count><policy_evaluated><disposition>pass</disposition><dkim>pass</dkim><spf>fail</spf></policy_evaluated></row>
<identifiers><header_from>capri.example</header_from><envelope_from/></identifiers>
<auth_results><dkim><domain>capri.example</domain><selector>s</selector><result>pass</result><human_result lang="en">fine</human_result></dkim></auth_results>
<ext:row><ext:count>99</ext:count></ext:row><ext:identifiers><ext:header_from>x.example</ext:header_from></ext:identifiers><ext:auth_results><ext:dkim/></ext:auth_results></record>
</feedback>`.replace(/<(\/?)(?!ext:)(?=[a-z])/g, (_tag, slash: string) => `<${slash}${prefix}`);
  for (const prefix of ['', 'd:']) {
    const { domain, policy, errors, records } = readDmarcReport(Buffer.from(report(prefix)));
    deepEqual([domain, policy, errors, records.length], ['capri.example', { p: 'reject' }, ['two records'], 1]);
    const [record] = records;
    deepEqual([record?.count, record?.headerFrom, record?.envelopeFrom, record?.dkimResults.length], [2, 'capri.example', '', 1]);
  }
});

test('bombs do not go off: gzip of gigabytes, archives in archives, entities, depth', () => {
  const zeros = gzipSync(Buffer.alloc(40 * 2 ** 20));
  throws(() => unpack(zeros), UnpackError);
  throws(
    () =>
      unpack(
        zip([
          ['a.xml', Buffer.alloc(20 * 2 ** 20)],
          ['b.xml', Buffer.alloc(20 * 2 ** 20)],
        ]),
      ),
    UnpackError,
  );
  throws(() => unpack(gzipSync(gzipSync(gzipSync('x')))), UnpackError);
  throws(() => unpack(zip(Array.from({ length: 30 }, (_, n): [string, Buffer] => [`${n}.xml`, Buffer.from('x')]))), UnpackError);
  throws(() => unpack(Buffer.alloc(11 * 2 ** 20)), UnpackError);
  const entities = '<!DOCTYPE feedback [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><feedback>&b;</feedback>';
  throws(() => [...readXml(entities)], XmlError);
  throws(() => [...readXml('<a>'.repeat(100))], XmlError);
  deepEqual(readReportMail(mailWith(zeros)).reports, []);
  equal(readReportMail(mailWith(zeros)).problems.length, 1);
});

test('archives are read by their directory, whatever their names say', () => {
  deepEqual(
    unpack(
      zip([
        ['report.xml', Buffer.from('<feedback/>')],
        ['folder/', Buffer.alloc(0)],
      ]),
    ).map(String),
    ['<feedback/>'],
  );
  deepEqual(unpack(zip([['report.xml.gz', gzipSync('<feedback/>')]])).map(String), ['<feedback/>']);
});

test('XML as it is written: prefixes, CDATA, references, comments, ends that are missing', () => {
  const texts = (xml: string): readonly string[] => {
    const found: string[] = [];
    for (const event of readXml(xml)) if (event.kind === 'close') found.push(`${event.path.join('/')}=${event.text}`);
    return found;
  };
  deepEqual(texts('<?xml version="1.0"?><!-- <x> --><n:A><b c="d"> 1 &lt;&#65;&#x42;&nope; </b><e/></n:A>'), ['a/b=1 <AB&nope;', 'a/e=', 'a=']);
  deepEqual(texts('<a><b><![CDATA[<&]]></b></a>'), ['a/b=<&', 'a=']);
  deepEqual(texts('<a><b>1<c>2</a>'), ['a/b/c=2', 'a/b=1', 'a=']);
  deepEqual(texts('<a></z>1</a>'), ['a=1']);
  deepEqual(texts('<a><x@y>1</a'), ['a=<x@y>1']);
});

test('no octets make a reader throw anything but its own error, or hang', () => {
  const own = [UnpackError, XmlError, ReportError];
  const attempt = (work: () => unknown): void => {
    try {
      work();
    } catch (error) {
      ok(
        own.some((one) => error instanceof one),
        String(error),
      );
    }
  };
  const sample = writeDmarcXmlSample();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat({ max: sample.length }), fc.string({ unit: 'binary', maxLength: 60 }), (bytes, at, noise) => {
      const buffer = Buffer.from(bytes);
      attempt(() => unpack(buffer));
      attempt(() => unpack(Buffer.concat([Buffer.from('PK\u0003\u0004'), buffer, Buffer.from('PK\u0005\u0006'), buffer])));
      attempt(() => readDmarcReport(buffer));
      attempt(() => readDmarcReport(Buffer.from(sample.slice(0, at) + noise + sample.slice(at))));
      attempt(() => readTlsReport(buffer));
      attempt(() => readTlsReport(Buffer.from(JSON.stringify({ policies: [{ policy: noise, summary: [], 'failure-details': noise }], 'date-range': noise }))));
      readFeedbackReport(buffer, buffer);
      readReportMail(buffer);
      readReportMail(mailWith(buffer));
    }),
    { numRuns: 300 },
  );
});

test('JSON nested too deeply is no report', () => {
  throws(() => readTlsReport(Buffer.from('['.repeat(200_000))), ReportError);
  throws(() => readTlsReport(Buffer.from('{}')), ReportError);
});

function gzipRoundTrip(xml: string): Buffer {
  const [document] = unpack(gzipSync(xml));
  return document ?? Buffer.alloc(0);
}

function writeDmarcXmlSample(): string {
  return '<feedback><report_metadata><org_name>a</org_name><date_range><begin>1</begin><end>2</end></date_range></report_metadata><policy_published><domain>a.b</domain></policy_published><record><row><source_ip>1.2.3.4</source_ip><count>1</count><policy_evaluated><dkim>pass</dkim></policy_evaluated></row></record></feedback>';
}

function mailWith(bytes: Buffer): Buffer {
  return Buffer.from(
    `Content-Type: application/gzip\r\nContent-Transfer-Encoding: base64\r\n\r\n${bytes.toString('base64').replace(/(.{76})/g, '$1\r\n')}\r\n`,
  );
}

/** A zip archive as any packer writes it. */
function zip(entries: ReadonlyArray<readonly [name: string, content: Buffer]>): Buffer {
  const pieces: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [name, content] of entries) {
    const packed = deflateRawSync(content);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(8, 8);
    local.writeUInt32LE(packed.length, 18);
    local.writeUInt32LE(content.length, 22);
    local.writeUInt16LE(name.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(8, 10);
    entry.writeUInt32LE(packed.length, 20);
    entry.writeUInt32LE(content.length, 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(at, 42);
    pieces.push(local, Buffer.from(name), packed);
    directory.push(entry, Buffer.from(name));
    at += local.length + name.length + packed.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(Buffer.concat(directory).length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...pieces, ...directory, end]);
}

suite('what strangers make large', () => {
  const part = (bytes: Buffer): string => `--x\r\nContent-Type: application/gzip\r\nContent-Transfer-Encoding: base64\r\n\r\n${bytes.toString('base64')}\r\n`;
  const dmarc = (records: string): Buffer =>
    Buffer.from(
      `<feedback><report_metadata><org_name>O</org_name><report_id>1</report_id><date_range><begin>1700000000</begin><end>1700086399</end></date_range></report_metadata><policy_published><domain>a.example</domain></policy_published>${records}</feedback>`,
    );

  test('the parts of a mail are unpacked up to a bound of all together', () => {
    const bomb = part(gzipSync(Buffer.alloc(12 * 2 ** 20, ' ')));
    const mail = `Content-Type: multipart/mixed; boundary=x\r\n\r\n${bomb.repeat(4)}${part(gzipSync(dmarc('')))}--x--\r\n`;
    const { reports, problems } = readReportMail(Buffer.from(mail));
    ok(problems.includes('gzip is damaged or too large'));
    deepEqual([reports.length, problems.length], [1, 4], 'what is small is still read');
  });

  test('counts beyond reason do not make sums that cannot be told exactly', () => {
    const record = '<record><row><source_ip>192.0.2.1</source_ip><count>9007199254740991</count></row></record>';
    const kept = keepDmarc(readDmarcReport(dmarc(record.repeat(1000))));
    ok(Number.isSafeInteger(kept.failed));
    const sessions = { policy: { 'policy-domain': 'a.example' }, summary: { 'total-failure-session-count': Number.MAX_SAFE_INTEGER } };
    const range = { 'start-datetime': '2026-01-01T00:00:00Z', 'end-datetime': '2026-01-02T00:00:00Z' };
    const tls = readTlsReport(Buffer.from(JSON.stringify({ 'date-range': range, policies: [sessions] })));
    equal(tls.policies[0]?.failures, 1e9);
  });

  test('what is kept of a report is bounded in octets, and what does not fit is counted', () => {
    const record = (n: number): string =>
      `<record><row><source_ip>192.0.2.${n % 250}</source_ip><count>1</count></row><identifiers><header_from>${'a'.repeat(300)}</header_from><envelope_from>${'b'.repeat(300)}</envelope_from></identifiers></record>`;
    const kept = keepDmarc(readDmarcReport(dmarc(Array.from({ length: 1000 }, (_, n) => record(n)).join(''))));
    const content = JSON.parse(kept.content) as DmarcContent;
    ok(kept.content.length < 140_000, String(kept.content.length));
    deepEqual([kept.failed, content.sources.length + content.leftOut], [1000, 1000]);
  });
});
