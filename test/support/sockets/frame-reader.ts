/** A frame of a WebSocket. */
export interface Frame {
  /** As it travels. */
  bytes: Buffer;
  /** What it says; undefined where it is about the connection itself. */
  text: string | undefined;
}

const TEXT = 1;

/** Takes apart what goes one way over a WebSocket, however its bytes come. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);
  /** How many frames were complete. */
  count = 0;

  /** Whether the last bytes are a part of a frame. */
  get isInside(): boolean {
    return this.#rest.length > 0;
  }

  /** The frames that are complete with these bytes. */
  read(bytes: Buffer): Frame[] {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    const frames: Frame[] = [];
    for (let frame = this.#take(); frame !== undefined; frame = this.#take()) frames.push(frame);
    return frames;
  }

  #take(): Frame | undefined {
    const layout = layoutOf(this.#rest);
    if (layout === undefined || layout.end > this.#rest.length) return undefined;
    const bytes = this.#rest.subarray(0, layout.end);
    this.#rest = this.#rest.subarray(layout.end);
    this.count += 1;
    const isText = ((bytes[0] ?? 0) & 0x0f) === TEXT;
    return { bytes, text: isText ? textOf(bytes, layout) : undefined };
  }
}

interface Layout {
  mask: Buffer | undefined;
  begin: number;
  end: number;
}

/** Where a frame's payload is, by RFC 6455; undefined while the bytes do not say. */
function layoutOf(bytes: Buffer): Layout | undefined {
  if (bytes.length < 2) return undefined;
  const second = bytes.readUInt8(1);
  const isMasked = second >= 0x80;
  const short = second & 0x7f;
  const lengthBytes = short === 127 ? 8 : short === 126 ? 2 : 0;
  const begin = 2 + lengthBytes + (isMasked ? 4 : 0);
  if (bytes.length < begin) return undefined;
  const length =
    lengthBytes === 8 ? Number(bytes.readBigUInt64BE(2)) : lengthBytes === 2 ? bytes.readUInt16BE(2) : short;
  return { mask: isMasked ? bytes.subarray(begin - 4, begin) : undefined, begin, end: begin + length };
}

function textOf(frame: Buffer, { mask, begin, end }: Layout): string {
  const payload = frame.subarray(begin, end);
  if (mask === undefined) return payload.toString();
  return Buffer.from(payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0))).toString();
}
