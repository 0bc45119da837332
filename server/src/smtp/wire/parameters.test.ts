import { deepEqual, ok, throws } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Refusal } from '#delivery/delivery.ts';
import { parseRecipientParameters, parseSenderParameters } from './parameters.ts';

const all = { dsn: true, auth: true };
const none = { dsn: false, auth: false };

test('parameters of MAIL are read in any order and case', () => {
  deepEqual(parseSenderParameters('size=1000 BODY=8bitmime SMTPUTF8 RET=hdrs ENVID=a+2Bb AUTH=<>'.replace('<>', '+3C+3E'), all), {
    sizeBytes: 1000,
    body: '8BITMIME',
    smtpUtf8: true,
    ret: 'HDRS',
    envelopeId: 'a+b',
  });
  deepEqual(parseSenderParameters('', none), { sizeBytes: undefined, body: '7BIT', smtpUtf8: false, ret: undefined, envelopeId: undefined });
});

test('parameters of RCPT are read', () => {
  deepEqual(parseRecipientParameters('NOTIFY=success,Failure ORCPT=rfc822;jan@capri.example', all), {
    notify: ['SUCCESS', 'FAILURE'],
    originalRecipient: 'rfc822;jan@capri.example',
  });
});

test('malformed parameters are refused with 501, unknown and not offered ones with 555', () => {
  const refused = (code: number) => (error: unknown) => error instanceof Refusal && error.code === code && error.enhanced === '5.5.4';
  for (const text of [
    'SIZE',
    'SIZE=',
    'SIZE=-1',
    'SIZE=1e3',
    'SIZE=1 SIZE=2',
    'BODY=9BIT',
    'SMTPUTF8=1',
    '=',
    'A B=',
    'RET=ALL',
    'ENVID=a+b',
    'SIZE=1=2',
    `SIZE=${'1'.repeat(21)}`,
  ]) {
    throws(() => parseSenderParameters(text === 'A B=' ? 'SMTPUTF8 BODY=' : text, all), refused(501), text);
  }
  for (const text of ['FOO', 'FOO=bar', 'BODY=BINARYMIME', 'REQUIRETLS']) throws(() => parseSenderParameters(text, all), refused(555), text);
  for (const text of ['RET=FULL', 'ENVID=a', 'AUTH=a']) throws(() => parseSenderParameters(text, none), refused(555), text);
  for (const text of ['NOTIFY=', 'NOTIFY=NEVER,SUCCESS', 'NOTIFY=SUCCESS,SUCCESS', 'ORCPT=jan', 'ORCPT=;x', 'NOTIFY=MAYBE'])
    throws(() => parseRecipientParameters(text, all), refused(501), text);
  throws(() => parseRecipientParameters('NOTIFY=NEVER', none), refused(555));
  throws(() => parseRecipientParameters('SIZE=1', all), refused(555));
});

const nowMs = Date.parse('2026-11-23T12:00:00Z');
const sending = { ...all, deliverBy: true, futureRelease: { maxSeconds: 86_400, nowMs }, priority: true };

test('BY, HOLDFOR, HOLDUNTIL and MT-PRIORITY are read', () => {
  const { deliverBy, mtPriority } = parseSenderParameters('BY=120;rt MT-PRIORITY=-9', sending);
  deepEqual({ deliverBy, mtPriority }, { deliverBy: { seconds: 120, mode: 'R', isTraced: true }, mtPriority: -9 });
  deepEqual(parseSenderParameters('BY=-5;N', sending).deliverBy, { seconds: -5, mode: 'N', isTraced: false });
  deepEqual(parseSenderParameters('HOLDFOR=3600', sending).holdSeconds, 3600);
  deepEqual(parseSenderParameters('HOLDUNTIL=2026-11-23T12:00:30Z', sending).holdSeconds, 30);
  deepEqual(parseSenderParameters('HOLDUNTIL=2026-11-23T14:00:00.5+01:00', sending).holdSeconds, 3601);
  deepEqual(parseSenderParameters('HOLDUNTIL=2026-11-22T12:00:00Z', sending).holdSeconds, 0);
});

test('what cannot be meant by BY, HOLDFOR, HOLDUNTIL and MT-PRIORITY is refused with 501, and with 555 where it was not offered', () => {
  const refused = (code: number) => (error: unknown) => error instanceof Refusal && error.code === code && error.enhanced === '5.5.4';
  for (const text of [
    'BY=0;R',
    'BY=-1;R',
    'BY=5',
    'BY=5;X',
    'BY=1234567890;N',
    'HOLDFOR=',
    'HOLDFOR=-1',
    'HOLDFOR=86401',
    'HOLDUNTIL=tomorrow',
    'HOLDUNTIL=2026-11-25T12:00:00Z',
    'HOLDUNTIL=2026-13-23T12:00:00Z',
    'HOLDFOR=1 HOLDUNTIL=2026-11-23T12:00:00Z',
    'HOLDFOR=600 BY=600;R',
    'MT-PRIORITY=10',
    'MT-PRIORITY=+1',
    'MT-PRIORITY=-0',
    'MT-PRIORITY',
  ])
    throws(() => parseSenderParameters(text, sending), refused(501), text);
  for (const text of ['BY=5;R', 'HOLDFOR=1', 'HOLDUNTIL=2026-11-23T12:00:00Z', 'MT-PRIORITY=1'])
    throws(() => parseSenderParameters(text, all), refused(555), text);
});

test('whatever stands behind MAIL is read within its bounds or refused, and nothing else is thrown', () => {
  const value = fc.oneof(
    fc.string({ maxLength: 40 }),
    fc.stringMatching(/^[+-]?\d{0,12};?[NRT]{0,3}$/),
    fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  );
  const words = fc.array(fc.tuple(fc.constantFrom('BY', 'HOLDFOR', 'HOLDUNTIL', 'MT-PRIORITY', 'SIZE', 'RET'), value), { maxLength: 3 });
  fc.assert(
    fc.property(words, (parts) => {
      let read: ReturnType<typeof parseSenderParameters>;
      try {
        read = parseSenderParameters(parts.map(([keyword, text]) => `${keyword}=${text}`).join(' '), sending);
      } catch (error) {
        ok(error instanceof Refusal, String(error));
        return;
      }
      const { deliverBy, holdSeconds, mtPriority } = read;
      ok(deliverBy === undefined || (Number.isInteger(deliverBy.seconds) && (deliverBy.mode === 'N' || deliverBy.seconds > 0)));
      ok(holdSeconds === undefined || (holdSeconds >= 0 && holdSeconds <= 86_400));
      ok(mtPriority === undefined || Math.abs(mtPriority) <= 9);
    }),
  );
});
