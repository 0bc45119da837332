import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { allowsHost, formatStsPolicy, parseStsPolicy } from './sts-policy.ts';
import { readStsRecord } from './sts-record.ts';

suite('the MTA-STS record', () => {
  test('names the policy', () => {
    assert.equal(readStsRecord(['v=STSv1; id=20160831085700Z;']), '20160831085700Z');
    assert.equal(readStsRecord(['v=spf1 -all', 'v=STSv1;id=a1']), 'a1');
    assert.equal(readStsRecord(['v=STSv1; future=x; id = b2 ']), 'b2');
  });

  test('counts for nothing when there are two, or when it has no good id', () => {
    for (const texts of [
      [],
      ['v=STSv1; id=a', 'v=STSv1; id=b'],
      ['v=STSv1'],
      ['v=STSv1; id='],
      ['v=STSv1; id=a-b'],
      ['v=STSv12; id=a'],
      [`v=STSv1; id=${'a'.repeat(33)}`],
    ])
      assert.equal(readStsRecord(texts), undefined, texts.join());
  });

  test('is read whatever it holds', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.string(),
            fc.string().map((text) => `v=STSv1;${text}`),
          ),
          { maxLength: 4 },
        ),
        (texts) => {
          const id = readStsRecord(texts);
          assert.ok(id === undefined || /^[A-Za-z0-9]{1,32}$/.test(id));
        },
      ),
    );
  });
});

suite('an MTA-STS policy', () => {
  test('is read as RFC 8461 writes it', () => {
    const text = 'version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmx: *.example.NET.\r\nmx: backupmx.example.com\r\nmax_age: 604800\r\n';
    assert.deepEqual(parseStsPolicy(text), {
      mode: 'enforce',
      mx: ['mail.example.com', '*.example.net', 'backupmx.example.com'],
      maxAgeS: 604_800,
      lines: ['version: STSv1', 'mode: enforce', 'mx: mail.example.com', 'mx: *.example.NET.', 'mx: backupmx.example.com', 'max_age: 604800'],
    });
  });

  test('may have bare line feeds, unknown keys and keys given twice', () => {
    const policy = parseStsPolicy(
      'version:STSv1\nmode:testing\nmode: enforce\nnew_key: x\n\nmx:a.test\nmax_age:99999999999'.replace('99999999999', '9999999999'),
    );
    assert.deepEqual([policy?.mode, policy?.mx, policy?.maxAgeS], ['testing', ['a.test'], 31_557_600]);
  });

  test('is none when something needed is missing or wrong', () => {
    const good = ['version: STSv1', 'mode: enforce', 'mx: a.test', 'max_age: 1'];
    assert.ok(parseStsPolicy(good.join('\n')));
    for (const missing of good.keys()) assert.equal(parseStsPolicy(good.filter((_, index) => index !== missing).join('\n')), undefined);
    for (const bad of ['mx: a..test', 'mx: *', 'mx: a.*.test', 'mx:', 'no colon', `mx: ${'a.'.repeat(200)}test`])
      assert.equal(parseStsPolicy([...good, bad].join('\n')), undefined, bad);
    assert.equal(parseStsPolicy('version: STSv2\nmode: none\nmax_age: 1'), undefined);
    assert.ok(parseStsPolicy('version: STSv1\nmode: none\nmax_age: 1'));
  });

  test('lets a wildcard stand for one label', () => {
    const policy = { mx: ['*.example.test', 'mail.other.test'] };
    assert.deepEqual(
      ['mx.example.test', 'a.b.example.test', 'example.test', 'mail.other.test', 'x.mail.other.test'].map((host) => allowsHost(policy, host)),
      [true, false, false, true, false],
    );
  });

  test('is read again as it was written, and never throws', () => {
    const label = fc.stringMatching(/^[a-z0-9]{1,10}$/);
    const host = fc.tuple(fc.boolean(), fc.array(label, { minLength: 1, maxLength: 4 })).map(([isWild, labels]) => `${isWild ? '*.' : ''}${labels.join('.')}`);
    const policies = fc.record({
      mode: fc.constantFrom('enforce', 'testing', 'none'),
      mx: fc.array(host, { minLength: 1, maxLength: 20 }),
      maxAgeS: fc.integer({ min: 0, max: 31_557_600 }),
    });
    fc.assert(
      fc.property(policies, (policy) => {
        const { lines: _lines, ...read } = parseStsPolicy(formatStsPolicy(policy)) ?? assert.fail();
        assert.deepEqual(read, { ...policy });
      }),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(fc.constantFrom('version: STSv1', 'mode: none', 'mx: *', '\u0000', 'max_age: 1', ': x')).map((all) => all.join('\n')),
        ),
        (text) => {
          parseStsPolicy(text);
        },
      ),
    );
  });
});
