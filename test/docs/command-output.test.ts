// @vitest-environment node
/**
 * Every output of a command that the documentation shows is what the command prints: the real command runs with a
 * real proxy, and with a server in the place of Customer.io. Times, ports and hashes are not compared.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { describe, expect, onTestFinished, test } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import { basicAuthorization } from '../../src/protocol/wire.ts';
import { run, startProxy } from '../integration/cli/program.ts';
import { startUpstream } from '../integration/proxy/upstream.ts';
import { PAGES } from '../support/docs/documentation.ts';
import { GUIDE_PROXIES } from '../support/docs/guide-proxies/index.ts';
import { type ServerProcess, startServer } from '../support/server/process.ts';

/** A fenced block of a page. */
interface Block {
  readonly file: string;
  readonly language: string;
  readonly text: string;
}

/** An output that a page shows. */
interface Shown {
  readonly file: string;
  /** A text that only this block of the page contains. */
  readonly has: string;
  /** `all`: the block is the whole output. `lines`: the block has some lines of the output, in their order. */
  readonly shows: 'all' | 'lines';
  /** The command whose output it is, for the test that every command has an output in the documentation. */
  readonly command: string;
  readonly print: () => Promise<string>;
}

const blocksOf = (file: string, text: string): readonly Block[] =>
  [...text.matchAll(/^( *)```(\w*)\n([\s\S]*?)^\1```/gm)].map(([, , language = '', block = '']) => ({
    file,
    language,
    text: block,
  }));

/** What only a command of this package prints. */
const OUTPUT =
  /^ *(?:(?:pass|FAIL|warn|skip) {2}|\d+ passed, |\d+ files? to change, |The (?:proxy|forwarder) (?:cannot|listens)|The write key |Usage: cio-first-party|Warning: the environment variable|Unknown option|Unexpected argument|There is no command|Forwards again|Done: | {2}- (?:CIO|NATS)_|\{?"(?:time|linesLost)":|\d+\.\d+\.\d+$)|sha384-/m;
/** The languages of blocks that are no output. */
const CODE = /^(sh|ts|tsx|js|jsx|yaml|vue|svelte|nginx|ini|toml|dockerfile|docker)$/i;

const outputsIn = (blocks: readonly Block[]): readonly Block[] =>
  blocks.filter(({ language, text }) => !CODE.test(language) && OUTPUT.test(text));

const OUTPUTS = outputsIn(PAGES.flatMap(({ file, text }) => blocksOf(file, text)));

const WRITE_KEY = 'your-write-key';
const BASE = { CIO_WRITE_KEY: WRITE_KEY, CIO_CLIENT_KEYS: 'web', CIO_BASE_PATH: '/e' };
const SECRET = 'a secret of customer tokens with 32 bytes';

/** The output and the errors of a command. */
async function printed(args: readonly string[], environment: Record<string, string> = {}): Promise<string> {
  const { out, err } = await run(args, environment);
  return err + out;
}

/** The output of `migrate` for a file with a use that cannot be rewritten. */
async function migratedExample(): Promise<string> {
  const folder = await mkdtemp(`${tmpdir()}/cio-migrate-docs-`);
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await mkdir(`${folder}/src`);
  await writeFile(
    `${folder}/src/analytics.ts`,
    `import { AnalyticsBrowser } from '@customerio/cdp-analytics-browser';
const writeKey = import.meta.env.VITE_WRITE_KEY;
export const analytics = AnalyticsBrowser.load({ writeKey }, { initialPageview: true });
analytics.addDestinationMiddleware('Braze', ({ next, payload }) => next(payload));
`,
  );
  return printed(['migrate', folder]);
}

async function startPipelines(): Promise<ServerProcess> {
  const server = await startServer('demo/pipelines/main.ts', { PORT: '0', WRITE_KEY });
  onTestFinished(() => server.stop());
  return server;
}

/** The output of `check` against a proxy of the command line. */
async function checked(args: readonly string[] = []): Promise<string> {
  const { origin } = await startPipelines();
  const { url } = await startProxy({ ...BASE, CIO_UPSTREAM_URL: origin });
  return printed(['check', url, '--client-key', 'web', ...args]);
}

/** The output of `proxy --check`, with the name of Customer.io's host. */
async function writeKeyChecked(status: number): Promise<string> {
  const upstream = await startUpstream();
  upstream.respond({ status });
  const text = await printed(['proxy', '--check'], { ...BASE, CIO_UPSTREAM_URL: upstream.url });
  return text.replaceAll(new URL(upstream.url).host, 'cdp.customer.io');
}

/** The line that a proxy logs for a batch. */
async function logged(
  headers: Record<string, string> = {},
  environment: Record<string, string> = {},
  batch: readonly object[] = [],
): Promise<string> {
  const upstream = await startUpstream();
  const { url, lines } = await startProxy({ ...BASE, CIO_UPSTREAM_URL: upstream.url, ...environment });
  await fetch(`${url}/v1/batch`, {
    method: 'POST',
    headers: { Authorization: basicAuthorization('web'), 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify({ batch }),
  });
  return String((await lines.next()).value);
}

const EVENT = { type: 'track', event: 'Order Placed', anonymousId: 'a1', messageId: 'm1' };
const oneEvent = (): Promise<string> => logged({}, {}, [EVENT]);
const missing = (): Promise<string> => printed(['proxy']);
const help = (command: string): Shown => ({
  file: 'docs/reference/cli.md',
  has: `${COMMANDS.get(command)?.help.slice(0, 200)}`,
  shows: 'all',
  command,
  print: () => printed([command, '--help']),
});
const lastLineOfCheck = (file: string): Shown => ({
  file,
  has: ' passed, 0 failed',
  shows: 'lines',
  command: 'check',
  print: checked,
});

const SHOWN: readonly Shown[] = [
  {
    file: 'docs/reference/cli.md',
    has: 'Usage: cio-first-party <command>',
    shows: 'all',
    command: '--help',
    print: () => printed(['--help']),
  },
  {
    file: 'docs/reference/cli.md',
    has: '0.1.0',
    shows: 'all',
    command: '--version',
    print: () => printed(['--version']),
  },
  {
    file: 'docs/reference/cli.md',
    has: "Unknown option '--port'",
    shows: 'lines',
    command: 'proxy',
    print: () => printed(['proxy', '--port', '3000']),
  },
  {
    file: 'docs/reference/cli.md',
    has: 'The proxy cannot start',
    shows: 'all',
    command: 'proxy',
    print: missing,
  },
  ...[...COMMANDS.keys()].map(help),
  {
    file: 'docs/migrate/codemod.md',
    has: '1 file to change',
    shows: 'all',
    command: 'migrate',
    print: migratedExample,
  },
  {
    file: 'docs/start/proxy-cli.md',
    has: ' passed, ',
    shows: 'lines',
    command: 'check',
    print: () => checked(['--send']),
  },
  {
    file: 'docs/start/proxy-cli.md',
    has: '"events":1',
    shows: 'all',
    command: 'proxy',
    print: oneEvent,
  },
  {
    file: 'docs/start/vite-react.md',
    has: '"events":1',
    shows: 'all',
    command: 'proxy',
    print: oneEvent,
  },
  {
    file: 'docs/start/script-tag.md',
    has: 'sha384-',
    shows: 'lines',
    command: 'snippet',
    print: () => printed(['snippet', '--proxy-url', '/e', '--client-key', 'web']),
  },
  ...['start/script-tag', 'deploy/express', 'deploy/fastify', 'deploy/hono', 'guides/debugging'].map((page) =>
    lastLineOfCheck(`docs/${page}.md`),
  ),
  {
    file: 'docs/guides/debugging.md',
    has: '"error":"invalid_client_key"',
    shows: 'all',
    command: 'proxy',
    print: () => logged({ Authorization: basicAuthorization('another') }),
  },
  {
    file: 'docs/guides/user-tokens/roll-out.md',
    has: '"tokenReport"',
    shows: 'all',
    command: 'proxy',
    print() {
      const environment = { CIO_TOKEN_SECRET: SECRET, CIO_BASE_PATH: '' };
      return logged({}, environment, [{ ...EVENT, userId: 'u1' }]);
    },
  },
  {
    file: 'docs/operate/logs.md',
    has: '"status": 200',
    shows: 'all',
    command: 'proxy',
    print: logged,
  },
  {
    file: 'docs/operate/logs.md',
    has: '"status": 403',
    shows: 'all',
    command: 'proxy',
    print: () => logged({ Origin: 'https://shop.example.com' }),
  },
  {
    file: 'docs/operate/health-probes.md',
    has: '"probes"',
    shows: 'all',
    command: 'proxy',
    print: async () => (await startProxy(BASE)).before.join('\n'),
  },
  {
    file: 'docs/operate/health-probes.md',
    has: 'The write key is good',
    shows: 'all',
    command: 'proxy',
    print: () => writeKeyChecked(200),
  },
  ...['docs/operate/health-probes.md', 'docs/errors/upstream_misconfigured.md'].map((file): Shown => ({
    file,
    has: 'The write key cannot be used',
    shows: 'all',
    command: 'proxy',
    print: () => writeKeyChecked(401),
  })),
  {
    file: 'docs/errors/invalid-options.md',
    has: 'Warning: the environment variable',
    shows: 'lines',
    command: 'proxy',
    print: () =>
      printed(['proxy'], {
        CIO_WRITE_KEY: WRITE_KEY,
        CIO_ORIGIN: 'https://shop.example.com',
        CIO_ORIGINS: 'https://shop.example.com/',
      }),
  },
  {
    file: 'docs/deploy/cross-origin.md',
    has: 'origin accepted',
    shows: 'lines',
    command: 'check',
    print: () => checked(['--origin', 'https://shop.example.com']),
  },
  {
    file: 'docs/operate/check-any-proxy.md',
    has: 'plain HTTP on this machine',
    shows: 'all',
    command: 'check',
    print: checked,
  },
  {
    file: 'docs/operate/check-any-proxy.md',
    has: 'not announced',
    shows: 'lines',
    command: 'check',
    async print() {
      const [guide] = GUIDE_PROXIES;
      if (guide?.language !== 'Node') throw new Error('The first proxy of the guide is not that of Node');
      const { origin } = await startPipelines();
      const proxy = await guide.start({ upstreamUrl: origin, writeKey: WRITE_KEY });
      onTestFinished(() => proxy.stop());
      return printed([
        ...['check', proxy.origin, '--client-key', 'client-api-key-web'],
        ...['--origin', 'https://shop.example.com', '--send'],
      ]);
    },
  },
];

/** Replaces what differs from run to run, and the form of JSON and HTML that the pages show on several lines. */
function normalised(text: string): string {
  const json = /^\{[\s\S]*\}\s*$/.test(text) && !text.includes('…') ? JSON.stringify(JSON.parse(text)) : text;
  return json
    .replace(/<script\s[^>]*>/g, (tag) => tag.replace(/\s+/g, ' ').replace(' >', '>'))
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replace(/(localhost|127\.0\.0\.1):\d+/g, 'HOST')
    .replace(/sha384-[\w+/=…]+/g, 'HASH')
    .replace(/\b\d+ ms\b/g, 'N ms')
    .replace(/"(durationMs|bytes)":\d+/g, '"$1":N')
    .replace(/^\d+\.\d+\.\d+$/gm, 'VERSION')
    .trim();
}

/** Whether a line of a page is a line of the output. An ellipsis in the page stands for any text. */
function isLine(shown: string, real: string): boolean {
  const parts = shown.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(real);
}

/** The lines of a page that are not in the output, in this order. */
function wrongLines({ shows }: Pick<Shown, 'shows'>, shownText: string, realText: string): readonly string[] {
  const shown = normalised(shownText).split('\n');
  const real = normalised(realText).split('\n');
  if (shows === 'all') {
    const wrong = shown.filter((line, index) => !isLine(line, real[index] ?? '\0'));
    return shown.length === real.length
      ? wrong
      : [...wrong, `${shown.length} lines instead of ${real.length}`];
  }
  let from = 0;
  return shown.filter((line) => {
    if (line.trim() === '' || line.trim() === '…') return false;
    const found = real.findIndex((each, index) => index >= from && isLine(line, each));
    if (found >= 0) from = found + 1;
    return found < 0;
  });
}

const blockOf = ({ file, has }: Shown): readonly Block[] =>
  OUTPUTS.filter((block) => block.file === file && block.text.includes(has));

describe('the outputs of commands in the documentation', () => {
  test('are all listed, each once', () => {
    expect(SHOWN.filter((each) => blockOf(each).length !== 1).map(({ file, has }) => [file, has])).toEqual(
      [],
    );
    const unlisted = OUTPUTS.filter(
      (block) => SHOWN.filter((each) => blockOf(each)[0] === block).length !== 1,
    );
    expect(unlisted.map(({ file, text }) => [file, text])).toEqual([]);
  });

  test('have one of every command', () => {
    const commands = new Set(SHOWN.map(({ command }) => command));
    expect([...commands].sort()).toEqual([...COMMANDS.keys(), '--help', '--version'].sort());
  });

  test.each(SHOWN)(
    'are what the command prints: $file, $has',
    async (shown) => {
      const [block] = blockOf(shown);
      const real = await shown.print();
      expect(wrongLines(shown, block?.text ?? '', real), real).toEqual([]);
    },
    120_000,
  );
});

/** Outputs in the prose of the pages, with the outputs in blocks of which they are a part. */
const IN_PROSE =
  /`((?:The (?:proxy|forwarder) (?:cannot start|cannot listen|listens)|The write key |Unknown option|Warning: the environment|\d+ passed, )[^`]*)`/g;

test('the outputs that the prose quotes are parts of what commands print', async () => {
  const { url } = await startProxy(BASE);
  const real = [
    ...OUTPUTS.map(({ text }) => normalised(text)),
    // The test above has compared the blocks with the commands. No block has this line.
    normalised(`The proxy listens on ${url}`),
  ];
  const quoted = PAGES.flatMap(({ file, text }) =>
    [...text.replace(/^( *)```[\s\S]*?^\1```/gm, '').matchAll(IN_PROSE)].map(([, quote = '']) => [
      file,
      quote,
    ]),
  );
  expect(quoted.length).toBeGreaterThan(10);
  const isPart = (quote: string): boolean => real.some((text) => text.includes(quote.replace(/…$/, '')));
  expect(quoted.filter(([, quote = '']) => !isPart(normalised(quote)))).toEqual([]);
});

describe('the comparison', () => {
  test('finds a wrong, a missing, an additional and a misplaced line', () => {
    const real = 'pass  one  after 12 ms\nFAIL  two\n2 passed\n';
    expect(wrongLines({ shows: 'all' }, 'pass  one  after 7 ms\nFAIL  two\n2 passed', real)).toEqual([]);
    expect(wrongLines({ shows: 'all' }, 'pass  one  after 7 ms\nFAIL  six\n2 passed', real)).toEqual([
      'FAIL  six',
    ]);
    expect(wrongLines({ shows: 'all' }, 'pass  one  after 7 ms\nFAIL  two', real)).toHaveLength(1);
    expect(wrongLines({ shows: 'lines' }, 'FAIL  t…\n…\n2 passed', real)).toEqual([]);
    expect(wrongLines({ shows: 'lines' }, '2 passed\nFAIL  two', real)).toEqual(['FAIL  two']);
    expect(wrongLines({ shows: 'lines' }, 'warn  two', real)).toEqual(['warn  two']);
  });

  test('finds outputs that nobody has listed', () => {
    const page = '```text\nFAIL  reach  reachable  no\n```\n\n```sh\nnpx cio-first-party proxy\n```\n';
    expect(outputsIn(blocksOf('docs/new.md', page))).toHaveLength(1);
  });
});
