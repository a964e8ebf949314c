import { refuse, type Refusal } from './answer.ts';

/** The text of a request, and how many bytes it was after decompression. */
export interface BodyText {
  readonly kind: 'text';
  readonly text: string;
  readonly bytes: number;
}

type Bytes = Uint8Array<ArrayBuffer>;

/** Whether this runtime can unpack gzip. Only then may answers say `Accept-Encoding: gzip`. */
export const readsGzip: boolean = typeof DecompressionStream === 'function';

export interface BodyLimits {
  /** Packed, and unpacked. */
  readonly maxBodyBytes: number;
  /** For all of it to arrive. */
  readonly bodyTimeoutMs: number;
}

/** Reads a JSON body: right type, known encoding, within its limits, valid UTF-8. */
export async function readBody(
  request: Request,
  { maxBodyBytes: maxBytes, bodyTimeoutMs }: BodyLimits,
): Promise<BodyText | Refusal> {
  const { headers } = request;
  if (!isJson(headers.get('Content-Type') ?? '')) {
    return refuse(415, 'unsupported_media_type', 'Content-Type must be application/json, in UTF-8.');
  }
  const encoding = (headers.get('Content-Encoding') ?? '').trim().toLowerCase();
  const packed = encoding === 'gzip' || encoding === 'x-gzip';
  if (!(packed && readsGzip) && encoding !== '' && encoding !== 'identity') {
    const readable = readsGzip ? 'gzip, or absent' : 'absent';
    return refuse(415, 'unsupported_encoding', `Content-Encoding must be ${readable}.`);
  }
  const announced = Number(headers.get('Content-Length'));
  // Looked at only to be read: under some servers a body that was looked at and left blocks its connection.
  const bytes =
    announced > maxBytes ? 'too-large' : await readBytes(request.body, packed, maxBytes, bodyTimeoutMs);
  if (bytes === 'too-large') {
    return refuse(413, 'body_too_large', `A body may have ${maxBytes} bytes, also when it is unpacked.`);
  }
  if (bytes === 'too-late') {
    // What still comes would be taken for the next request.
    const headers = { 'Retry-After': '5', Connection: 'close' };
    return refuse(408, 'body_timeout', `The body has not arrived within ${bodyTimeoutMs} ms.`, { headers });
  }
  if (bytes === 'unreadable') {
    return refuse(400, 'invalid_encoding', `The body ${packed ? 'is not valid gzip' : 'could not be read'}.`);
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return { kind: 'text', text, bytes: bytes.length };
  } catch {
    return refuse(400, 'invalid_utf8', 'The body is not valid UTF-8.');
  }
}

async function readBytes(
  body: ReadableStream<Bytes> | null,
  packed: boolean,
  maxBytes: number,
  timeoutMs: number,
): Promise<Bytes | 'too-large' | 'too-late' | 'unreadable'> {
  let beyond = false;
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), timeoutMs);
  const limit = (): TransformStream<Bytes, Bytes> => limitedTo(maxBytes, () => (beyond = true));
  try {
    // Limited before it is unpacked too: there are endless streams that unpack to nothing.
    let stream = body?.pipeThrough(limit(), { signal: deadline.signal }) ?? null;
    if (packed && stream) stream = stream.pipeThrough(new DecompressionStream('gzip')).pipeThrough(limit());
    return new Uint8Array(await new Response(stream).arrayBuffer());
  } catch {
    return beyond ? 'too-large' : deadline.signal.aborted ? 'too-late' : 'unreadable';
  } finally {
    clearTimeout(timer);
  }
}

function isJson(contentType: string): boolean {
  const [type = '', ...parameters] = contentType
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  const charset = parameters.find((parameter) => parameter.startsWith('charset='));
  return type === 'application/json' && /^(charset="?utf-?8"?)?$/.test(charset ?? '');
}

/** Lets at most `maxBytes` through, and stops at once where more comes: a bomb is left where it is. */
function limitedTo(maxBytes: number, onBeyond: () => void): TransformStream<Bytes, Bytes> {
  let length = 0;
  return new TransformStream({
    transform(chunk, controller) {
      length += chunk.length;
      if (length <= maxBytes) {
        controller.enqueue(chunk);
        return;
      }
      onBeyond();
      controller.error(new RangeError(`More than ${maxBytes} bytes`));
    },
  });
}
