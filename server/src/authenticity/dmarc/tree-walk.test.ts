/** The vectors of the Public Suffix List, as the tree walk would see the world if every public suffix said that it is one. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { FakeDns } from '../../../test/support/dns.ts';
import { conformance, conformanceData, needs } from '../../../test/support/outside.ts';
import { domainToName } from '../domain-name.ts';
import { findOrganizationalDomain, walkTree } from './tree-walk.ts';

test('below a public suffix that says so, the organization is what the Public Suffix List takes for it', needs(conformanceData('dmarc')), async () => {
  const lines = fs.readFileSync(path.join(conformance('dmarc') ?? '', 'psl-tests.txt'), 'utf8').split('\n');
  await using dns = await FakeDns.start({});
  let count = 0;
  for (const line of lines) {
    const [from = '', to = ''] = line.startsWith('//') ? [] : line.split(' ');
    const domain = domainToName(from);
    const organization = domainToName(to);
    if (domain === undefined || organization === undefined || to === 'null') continue;
    count++;
    const suffix = organization.slice(organization.indexOf('.') + 1);
    dns.zone = { [`_dmarc.${suffix}`]: { TXT: ['v=DMARC1; p=none; psd=y'] } };
    assert.equal(await findOrganizationalDomain(dns.resolver(), domain), organization, line);
  }
  assert.ok(count > 40, `${count} vectors`);
});

test('a walk finds what stands on its way, the longest name first, and skips the middle of a long name', async () => {
  const record = (text: string): { readonly TXT: readonly string[] } => ({ TXT: [`v=DMARC1; ${text}`] });
  await using dns = await FakeDns.start({
    '_dmarc.example.test': record('p=none'),
    '_dmarc.b.example.test': record('p=reject'),
    '_dmarc.h.g.f.e.d.c.b.example.test': record('p=reject; psd=n'),
  });
  const { found, organizationalDomain } = await walkTree(dns.resolver(), 'i.h.g.f.e.d.c.b.example.test');
  assert.deepEqual([found.map(({ domain }) => domain), organizationalDomain], [['b.example.test', 'example.test'], 'example.test']);
  assert.equal(dns.questions.length, 8);
  assert.equal(await findOrganizationalDomain(dns.resolver(), 'nothing.here.example'), 'nothing.here.example');
});
