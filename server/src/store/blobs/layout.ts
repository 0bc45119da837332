/** Where bodies lie: `DIR/store/segments/NNNNNNNN`, append-only files; a blob id is the place where the body was first written. */
import path from 'node:path';
import type { BlobId } from '#core/ids.ts';

/** Offsets in a segment are below this; a body may begin just before and reach over it. */
export const SEGMENT_SPAN: number = 2 ** 28;

export function storeDirectory(directory: string): string {
  return path.join(directory, 'store');
}

export function metadataFile(directory: string): string {
  return path.join(directory, 'store', 'metadata.sqlite');
}

/** The write-ahead log of the database. */
export function logFile(directory: string): string {
  return `${metadataFile(directory)}-wal`;
}

export function segmentsDirectory(directory: string): string {
  return path.join(directory, 'store', 'segments');
}

export function segmentFile(directory: string, segment: number): string {
  return path.join(directory, 'store', 'segments', String(segment).padStart(8, '0'));
}

/** The number in a segment's file name; undefined for other files. */
export function segmentNumber(name: string): number | undefined {
  return /^\d{8}$/.test(name) ? Number(name) : undefined;
}

export function blobIdAt(segment: number, offset: number): BlobId {
  return (segment * SEGMENT_SPAN + offset) as BlobId;
}

/** How far a body reaches. An empty one takes an octet too: ids are places, and no two bodies may have the same. */
export function spanOf(lengthBytes: number): number {
  return Math.max(lengthBytes, 1);
}

export function firstPlace(blob: BlobId): { readonly segment: number; readonly offset: number } {
  return { segment: Math.floor(blob / SEGMENT_SPAN), offset: blob % SEGMENT_SPAN };
}
