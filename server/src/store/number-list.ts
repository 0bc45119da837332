/**
 * Whole numbers of many rows as one value of the database (`group_concat`): an array for each row would cost several times as much as reading it.
 */
import type { SqlValue } from './sql.ts';

/** How many numbers a list holds; one that is not empty. */
export function countNumbers(list: string): number {
  let count = 1;
  for (let at = list.indexOf(','); at >= 0; at = list.indexOf(',', at + 1)) count++;
  return count;
}

/** `5,-7,,9`: NaN for null, of which the list has nothing; zeros for what is no list. */
export function parseNumbers(list: SqlValue | undefined, count: number): Float64Array {
  const numbers = new Float64Array(count);
  if (typeof list !== 'string') return numbers;
  let at = 0;
  for (let i = 0; i < count; i++) {
    let value = 0;
    let digits = 0;
    let sign = 1;
    for (let code = list.charCodeAt(at++); code !== 0x2c && at <= list.length; code = list.charCodeAt(at++)) {
      if (code === 0x2d) sign = -1;
      else {
        value = value * 10 + (code - 0x30);
        digits++;
      }
    }
    numbers[i] = digits === 0 ? Number.NaN : value * sign;
  }
  return numbers;
}
