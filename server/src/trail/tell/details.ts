/** Details of an event as text. Rows may be of an older version, or a newer one: what is not there, or is something else, is passed over. */
import type { TrailValue } from '../record.ts';

type TrailObject = { readonly [name: string]: TrailValue | undefined };

/** A text or a number; empty where there is none. Controls are shown as spaces: others have written it. */
export function textOf(details: TrailObject, name: string): string {
  const value = own(details, name);
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' ? oneLine(value) : '';
}

/** Without controls and without characters that turn the direction of what follows. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]+/gu, ' ').trim();
}

export function isSet(details: TrailObject, name: string): boolean {
  return own(details, name) === true;
}

/** An object below; empty where there is none. */
export function objectOf(details: TrailObject, name: string): TrailObject {
  return asObject(own(details, name));
}

/** The objects of a list; empty where there is none. */
export function objectsOf(details: TrailObject, name: string): readonly TrailObject[] {
  const value = own(details, name);
  return isList(value) ? value.map(asObject) : [];
}

/** The texts of a list; empty where there is none. */
export function textsOf(details: TrailObject, name: string): readonly string[] {
  const value = own(details, name);
  return isList(value) ? value.filter((each) => typeof each === 'string').map(oneLine) : [];
}

/** `1.3` of `TLSv1.3`. */
export function tlsVersion(text: string): string {
  return text.replace(/^TLSv?/i, '');
}

function own(details: TrailObject, name: string): TrailValue | undefined {
  return Object.hasOwn(details, name) ? details[name] : undefined;
}

function isList(value: TrailValue | undefined): value is readonly TrailValue[] {
  return Array.isArray(value);
}

function asObject(value: TrailValue | undefined): TrailObject {
  return typeof value === 'object' && value !== null && !isList(value) ? value : {};
}
