/**
 * The boundaries that are open while a message is read, and the lines that may be one of them.
 *
 * RFC 2046 §5.1.1: a boundary line is `--boundary` or `--boundary--` and white space. A line costs one look-up, however many multiparts are open.
 */
import { octetsOf } from './octets.ts';

const LF = 0x0a;
const CR = 0x0d;
const DASH = 0x2d;
const SPACE = 0x20;
const TAB = 0x09;

/** RFC 2046 §5.1.1 allows 70; programs have been seen with more. */
export const BOUNDARY_LIMIT = 200;
/** A longer line is no boundary: `--`, boundary, `--`, white space, line end. */
const LINE_LIMIT = BOUNDARY_LIMIT + 64;

/** More of the line must be seen. */
export const UNDECIDED = 'undecided';

export interface BoundaryLine {
  /** The place that was given when the boundary was opened. */
  readonly place: number;
  /** Whether it ends the multipart. */
  readonly isClose: boolean;
  /** Octets of the line with its end, and of that end. */
  readonly lineBytes: number;
  readonly lineEndBytes: number;
}

export class Boundaries {
  /** `--boundary` to the places of the multiparts that have it, the innermost last. */
  readonly #open = new Map<string, number[]>();

  get isEmpty(): boolean {
    return this.#open.size === 0;
  }

  open(boundary: string, place: number): void {
    const places = this.#open.get(`--${boundary}`);
    if (places === undefined) this.#open.set(`--${boundary}`, [place]);
    else places.push(place);
  }

  /** Forgets the innermost multipart with this boundary. */
  close(boundary: string): void {
    const places = this.#open.get(`--${boundary}`);
    places?.pop();
    if (places?.length === 0) this.#open.delete(`--${boundary}`);
  }

  /** What the line that begins at `at` with a dash is: no boundary, one, or undecided before the data's end. `isLast`: nothing follows the data. */
  lineAt(data: Buffer, at: number, isLast: boolean): BoundaryLine | typeof UNDECIDED | undefined {
    if (at + 1 < data.length && data[at + 1] !== DASH) return undefined;
    const lf = data.indexOf(LF, at);
    if (lf < 0 && data.length < at + LINE_LIMIT && !isLast) return UNDECIDED;
    const lineEnd = lf < 0 ? data.length : lf;
    if (lineEnd > at + LINE_LIMIT) return undefined;
    let end = lineEnd;
    if (lf >= 0 && data[end - 1] === CR) end--;
    while (end > at && (data[end - 1] === SPACE || data[end - 1] === TAB)) end--;
    const line = octetsOf(data, at, end);
    let places = this.#open.get(line);
    const isClose = places === undefined && line.endsWith('--');
    if (isClose) places = this.#open.get(line.slice(0, -2));
    const place = places?.at(-1);
    if (place === undefined) return undefined;
    return { place, isClose, lineBytes: (lf < 0 ? data.length : lf + 1) - at, lineEndBytes: lf < 0 ? 0 : data[lf - 1] === CR ? 2 : 1 };
  }
}
