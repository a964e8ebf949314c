import { fail, type Finding, pass, warning } from '../check-result.ts';
import { inWords, type ProbeAnswer } from '../probe.ts';
import type { CrawledFile, FrameCrawl } from './crawl-frame.ts';
import type { FileUse } from './reference.ts';

const MOST_ROWS = 5;
const MANY_BYTES = 1_000_000;

const TYPES: Readonly<Partial<Record<FileUse, RegExp>>> = {
  page: /^text\/html$/,
  script: /^(?:text|application)\/(?:x-)?(?:java|ecma)script$/,
  module: /^(?:text|application)\/(?:x-)?(?:java|ecma)script$/,
  style: /^text\/css$/,
  json: /^application\/(?:[\w.-]+\+)?json$/,
  wasm: /^application\/wasm$/,
  font: /^(?:font\/|application\/(?:x-)?font|application\/vnd\.ms-fontobject|application\/octet-stream)/,
  image: /^image\//,
};

/** Checks that the files of the renderer arrive in the frame: with the type that browsers ask for, and readable without an origin. */
export function checkFrameFiles(page: ProbeAnswer, { files, isCutOff }: FrameCrawl): readonly Finding[] {
  // A text in a script that looks like a file and leads to none is a text.
  const real = files.filter(
    ({ isCertain, reply }) => isCertain || (reply.kind === 'answer' && reply.status === 200),
  );
  const faults = real.flatMap((file) => {
    const fault = faultOf(file);
    return fault === undefined ? [] : [{ path: file.url.pathname, ...fault }];
  });
  const rows = faults
    .slice(0, MOST_ROWS)
    .map(({ path, detail, advice }) => fail('file', `${path} ${detail}`, advice));
  const good = real.length - faults.length;
  const more = faults.length > MOST_ROWS ? `; ${faults.length - MOST_ROWS} more are wrong` : '';
  const limit = isCutOff ? '; the check has not loaded all files' : '';
  return [
    ...rows,
    (faults.length === 0 ? pass : summary)('files', `${good} of ${real.length} arrive${more}${limit}`),
    size(page, real),
  ];
}

const summary = (name: string, detail: string): Finding =>
  warning(name, detail, 'Correct the rows above: the frame does not draw without its scripts.');

function faultOf({
  use,
  reply,
}: CrawledFile): { readonly detail: string; readonly advice: string } | undefined {
  if (reply.kind === 'failure') return { detail: inWords(reply), advice: 'Read the log of the proxy.' };
  if (reply.status !== 200) return { detail: inWords(reply), advice: adviceFor(reply) };
  const type = (reply.header('Content-Type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  const expected = TYPES[use];
  if (expected ? !expected.test(type) : type === 'text/html')
    return {
      detail: `has the type ${type === '' ? 'none' : type}, and is used as ${use}`,
      advice:
        'Let the servers in front of the proxy pass Content-Type. With text/html, another server responds in place of the proxy.',
    };
  if (use === 'page') return undefined;
  const allowed = reply.header('Access-Control-Allow-Origin');
  if (allowed !== '*')
    return {
      detail: `has ${allowed === null ? 'no Access-Control-Allow-Origin' : `Access-Control-Allow-Origin: ${allowed.slice(0, 60)}`}`,
      advice:
        'Send Access-Control-Allow-Origin: * alone, as the proxy does: the frame has no origin. A server in front must not remove, replace or add the header.',
    };
  const policy = reply.header('Cross-Origin-Resource-Policy');
  if (policy !== null && policy !== 'cross-origin')
    return {
      detail: `has Cross-Origin-Resource-Policy: ${policy.slice(0, 40)}`,
      advice: 'Send cross-origin, as the proxy does: the frame has no origin, so browsers block the file.',
    };
  return undefined;
}

function adviceFor({ status }: ProbeAnswer): string {
  if (status >= 300 && status < 400)
    return 'Let the servers in front of the proxy redirect no path below /v1/frame/.';
  return status === 404
    ? 'Let the servers in front pass all paths below /v1/frame/ to the proxy, and compare inApp.codeUrl (CIO_IN_APP_CODE_URL) and inApp.rendererUrl with the hosts of the renderer.'
    : 'Read "detail" in the log of the proxy: the server of the renderer has not sent the file.';
}

function size(page: ProbeAnswer, files: readonly CrawledFile[]): Finding {
  const bytes = files.reduce(
    (sum, { reply }) => sum + (reply.kind === 'answer' && reply.status === 200 ? reply.bytes : 0),
    page.bytes,
  );
  const detail = `${Math.ceil(bytes / 1000)} kB in ${files.length + 1} files`;
  if (bytes <= MANY_BYTES) return pass('size', detail);
  return warning(
    'size',
    detail,
    'Compress the files in a server in front of the proxy. Browsers load them before the first message.',
  );
}
