/** The TXT record at `_mta-sts.DOMAIN`: that there is a policy, and which. RFC 8461 §3.1 */

const RECORD = /^v=STSv1[ \t]*(?:;|$)/;
const MOST_FIELDS = 32;

/** The id of the policy; undefined where there is none: no record, several, or one that cannot be read (RFC 8461 §3.1). */
export function readStsRecord(texts: readonly string[]): string | undefined {
  // What begins otherwise belongs to somebody else.
  const records = texts.filter((text) => RECORD.test(text));
  const [record] = records;
  if (record === undefined || records.length > 1) return undefined;
  for (const field of record.split(';', MOST_FIELDS)) {
    const match = /^[ \t]*id[ \t]*=[ \t]*([A-Za-z0-9]{1,32})[ \t]*$/.exec(field);
    if (match) return match[1];
  }
  return undefined;
}
