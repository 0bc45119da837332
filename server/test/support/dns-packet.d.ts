/** The part of dns-packet that is used here; the package ships no types. */
declare module 'dns-packet' {
  export interface Question {
    readonly type: string;
    readonly name: string;
    readonly class?: string;
  }
  export interface Answer {
    readonly type: string;
    readonly name: string;
    readonly class?: string | number;
    readonly ttl?: number;
    readonly data?: unknown;
    readonly udpPayloadSize?: number;
    readonly flags?: number;
  }
  export interface Packet {
    readonly id?: number;
    readonly type?: 'query' | 'response';
    readonly flags?: number;
    readonly rcode?: string;
    readonly flag_tc?: boolean;
    readonly flag_ad?: boolean;
    readonly questions?: readonly Question[];
    readonly answers?: readonly Answer[];
    readonly authorities?: readonly Answer[];
    readonly additionals?: readonly Answer[];
  }
  export const RECURSION_DESIRED: number;
  export const RECURSION_AVAILABLE: number;
  export const AUTHENTIC_DATA: number;
  export const TRUNCATED_RESPONSE: number;
  export function encode(packet: Packet): Buffer;
  export function decode(bytes: Uint8Array): Packet;
}
