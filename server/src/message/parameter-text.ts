/**
 * Parameters as text: file names and the like.
 *
 * RFC 2231 §4 (charset'language'percent-encoded) · RFC 2047 in parameters, which is forbidden and common
 */
import { decodeCharset } from './charset.ts';
import { decodeWords } from './encoded-word.ts';
import { findParameter, type Parameter } from './parameters.ts';

/** The text of a parameter by its name (lower case); undefined where it is not there. */
export function decodeParameter(parameters: readonly Parameter[], name: string): string | undefined {
  const parameter = findParameter(parameters, name);
  if (parameter === undefined) return undefined;
  if (!parameter.name.endsWith('*')) return decodeWords(parameter.value);
  const { value } = parameter;
  const first = value.indexOf("'");
  const second = first < 0 ? -1 : value.indexOf("'", first + 1);
  const charset = second < 0 ? 'utf-8' : value.slice(0, first);
  return decodeCharset(percentDecode(second < 0 ? value : value.slice(second + 1)), charset);
}

function percentDecode(text: string): Buffer {
  return Buffer.from(
    text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  );
}
