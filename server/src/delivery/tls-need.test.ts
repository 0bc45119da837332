import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SenderParameters } from './delivery.ts';
import { tlsNeedOf } from './tls-need.ts';

const plain: SenderParameters = { sizeBytes: undefined, body: '7BIT', smtpUtf8: false, ret: undefined, envelopeId: undefined };
const header = (text: string): Buffer => Buffer.from(`Subject: x\r\n${text}From: a@b.test\r\n\r\n`);

test('TLS-Required: No waives TLS, any other value says nothing, and REQUIRETLS goes before both', () => {
  assert.equal(tlsNeedOf(plain, header('')), undefined);
  assert.equal(tlsNeedOf(plain, header('TLS-Required: No\r\n')), 'optional');
  assert.equal(tlsNeedOf(plain, header('tls-required:\r\n no\r\n')), 'optional');
  assert.equal(tlsNeedOf(plain, header('TLS-Required: nobody\r\n')), undefined);
  assert.equal(tlsNeedOf(plain, header('TLS-Required: Yes\r\n')), undefined);
  assert.equal(tlsNeedOf(plain, header('Comments: TLS-Required: No\r\n')), undefined);
  assert.equal(tlsNeedOf({ ...plain, requireTls: true }, header('TLS-Required: No\r\n')), 'required');
});
