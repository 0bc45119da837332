/** A Writer that keeps what is written, for tests of code that renders replies. */
export class CollectingWriter {
  readonly chunks: Uint8Array[] = [];
  flushes = 0;
  pendingBytes = 0;
  timeoutMs = 0;

  write(chunk: Uint8Array | string): void {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, 'latin1') : chunk;
    this.chunks.push(bytes);
    this.pendingBytes += bytes.length;
  }

  flush(): Promise<void> {
    this.flushes++;
    this.pendingBytes = 0;
    return Promise.resolve();
  }

  /** Everything so far, one character an octet. */
  get text(): string {
    return Buffer.concat(this.chunks).toString('latin1');
  }
}
