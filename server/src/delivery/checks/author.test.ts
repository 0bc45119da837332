import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Header } from '#message/header.ts';
import { authorOf } from './author.ts';
import { indirectSign } from './indirect.ts';

test('an author is named by one From field that every program reads alike', () => {
  deepEqual(author('From: Jan <jan@A.example>\r\n'), { domains: ['a.example'], problem: undefined });
  deepEqual(author('From: a@a.example, b@A.example, c@b.example\r\n'), { domains: ['a.example', 'b.example'], problem: undefined });
  deepEqual(author('Subject: x\r\n'), { domains: [], problem: 'no-from' });
  deepEqual(author('From: a@a.example\r\nfrom : b@b.example\r\n'), { domains: [], problem: 'several-from' });
  deepEqual(author('From: Comma, Inc. <a@a.example>\r\n'), { domains: ['a.example'], problem: 'malformed-from' });
  deepEqual(author('From: <a@a.example> <b@b.example>\r\n').problem, 'malformed-from');
  deepEqual(author('From: nobody\r\n'), { domains: [], problem: 'malformed-from' });
});

test('behind many domains without a policy none can hide from its own', () => {
  const others = Array.from({ length: 4 }, (_, n) => `x@x${n}.example`).join(', ');
  equal(author(`From: ${others}\r\n`).problem, undefined);
  equal(author(`From: ${others}, ceo@bank.example\r\n`).problem, 'several-from');
});

test('any octets are read, and what is malformed is called so', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (octets) => {
      const { domains, problem } = authorOf(new Header(Buffer.concat([Buffer.from('From: '), octets, Buffer.from('\r\n\r\n')])));
      ok(problem !== undefined || domains.length > 0);
      ok(domains.every((domain) => domain !== ''));
    }),
  );
});

test('lists and forwards leave signs; a list of addressees to unsubscribe is none', () => {
  equal(indirectSign(header('List-Id: <x.example>\r\n'), 'a'), 'list-id');
  equal(indirectSign(header('Precedence: List\r\n'), 'a'), 'precedence');
  equal(indirectSign(header(''), 'srs0=HHH=TT=x.example=a'), 'srs');
  equal(indirectSign(header('List-Unsubscribe: <https://x.example>\r\n'), 'a'), undefined);
  equal(indirectSign(header('Subject: x\r\n'), undefined), undefined);
});

function author(fields: string): ReturnType<typeof authorOf> {
  return authorOf(header(fields));
}

function header(fields: string): Header {
  return new Header(Buffer.from(`${fields}\r\n`));
}
