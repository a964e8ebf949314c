// @vitest-environment node
/** `cio-first-party migrate` as it is built, on folders with sources. */
import { execFile, execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ROOT } from './program.ts';

const SDK = '@customerio/cdp-analytics-browser';
const LOAD = `import { AnalyticsBrowser } from '${SDK}';\nexport const analytics = AnalyticsBrowser.load({ writeKey: '44e3df5b84cde8138074' });\n`;
const CREATED =
  "import { createAnalytics } from 'cio-first-party';\nexport const analytics = createAnalytics({ proxyUrl: '/e', clientKey: 'client-api-key-web' });\n";
const MANIFEST = `{\n  "dependencies": {\n    "${SDK}": "^0.5.0",\n    "vue": "3"\n  }\n}\n`;

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const migrate = (cwd: string, ...args: readonly string[]): Promise<Ended> =>
  new Promise((resolve) => {
    const { PATH = '' } = process.env;
    execFile(
      process.execPath,
      [`${ROOT}dist/cli.js`, 'migrate', ...args],
      { cwd, env: { PATH } },
      (error, out, err) => resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err }),
    );
  });

/** Makes a folder with these files, which is removed at the end of the test. */
async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(`${tmpdir()}/cio-migrate-`);
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [file, text] of Object.entries(files)) {
    await mkdir(path.dirname(`${folder}/${file}`), { recursive: true });
    await writeFile(`${folder}/${file}`, text);
  }
  return folder;
}

async function readAll(folder: string): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => `${entry.parentPath}/${entry.name}`);
  const texts = await Promise.all(
    files.map(async (file) => [path.relative(folder, file), await readFile(file, 'utf8')]),
  );
  return Object.fromEntries(texts.filter(([file = '']) => !file.startsWith('.git/'))) as Record<
    string,
    string
  >;
}

const git = (folder: string, ...args: readonly string[]): string =>
  execFileSync('git', ['-c', 'user.email=a@example.com', '-c', 'user.name=A', ...args], {
    cwd: folder,
    encoding: 'utf8',
  });

describe('cio-first-party migrate', () => {
  test('prints a diff and a summary, and changes nothing without --write', async () => {
    const files = {
      'package.json': MANIFEST,
      'src/analytics.ts': LOAD,
      'src/other.ts': 'export const other = 1;\n',
    };
    const folder = await folderWith(files);
    const { code, out, err } = await migrate(folder);
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain(`--- a/package.json
+++ b/package.json
@@ -1,6 +1,6 @@
 {
   "dependencies": {
-    "${SDK}": "^0.5.0",
+    "cio-first-party": "^0.1.0",
     "vue": "3"
   }
 }
--- a/src/analytics.ts
+++ b/src/analytics.ts
@@ -1,2 +1,2 @@
-import { AnalyticsBrowser } from '${SDK}';
-export const analytics = AnalyticsBrowser.load({ writeKey: '44e3…' });
+import { createAnalytics } from 'cio-first-party';
+export const analytics = createAnalytics({ proxyUrl: '/e', clientKey: 'client-api-key-web' });

2 files to change, 3 rewrites, 0 left to do by hand.
Nothing was written. Run the command again with --write to change the files.

Next:
  Run a proxy at /e that accepts the client key client-api-key-web:`);
    expect(out).toContain('src/analytics.ts:2\n    The write key 44e3… was in the code of the page');
    expect(out).not.toContain('44e3df5b84cde8138074');
    expect(out).not.toContain('\u001B[');
    expect(await readAll(folder)).toEqual(files);
  });

  test('masks a long key everywhere, and a short one only in quotes', async () => {
    const folder = await folderWith({
      'test/a.js': `import { AnalyticsBrowser } from '${SDK}';
// test 44e3df5b84cde8138074
AnalyticsBrowser.load({ writeKey: isLive ? '44e3df5b84cde8138074' : 'test' });
`,
    });
    const { out } = await migrate(folder);
    expect(out).toContain('--- a/test/a.js');
    expect(out).toContain("\n // test 44e3…\n-AnalyticsBrowser.load({ writeKey: isLive ? '44e3…' : '…' });");
    expect(out).not.toContain('44e3df5b84cde8138074');
  });

  test('masks keys that the call does not name, but the lines around it have', async () => {
    const folder = await folderWith({
      'table.js': LOAD.replace("'44e3df5b84cde8138074'", 'KEYS[process.env.NODE_ENV]').replace(
        '\nexport',
        "\nconst KEYS = { production: '44e3df5b84cde8138074', 'staging': '55e3df5b84cde8138074' };\nexport",
      ),
      'settings.ts': `import { AnalyticsBrowser, type Plugin } from '${SDK}';
const settings = { writeKey: '66e3df5b84cde8138074' };
const CIO_WRITE_KEY: string = "77e3df5b84cde8138074";
export const analytics = AnalyticsBrowser.load(settings);
`,
      'comment.js': `// analytics.load("99e3df5b84cde8138074");\n${LOAD}`,
      'assigned.js': LOAD.replace("writeKey: '44e3df5b84cde8138074'", 'writeKey: k').replace(
        '\nexport',
        "\nlet k;\nk = '88e3df5b84cde8138074';\nexport",
      ),
    });
    const { out } = await migrate(folder);
    expect(out).toContain("const KEYS = { production: '44e3…', 'staging': '55e3…' };");
    expect(out).toContain("const settings = { writeKey: '66e3…' };");
    expect(out).toContain("k = '88e3…';");
    expect(out).toContain('analytics.load("99e3…");');
    expect(out).not.toContain('e3df5b84cde8138074');
  });

  test('rewrites a page with an image in a long line, and lists a page of another coding', async () => {
    const page = (title: string): string =>
      `<title>${title}</title>\n<script type="module">\n${LOAD}</script>\n`;
    const image = `<img src="data:image/png;base64,${'A'.repeat(60_000)}">\n`;
    const folder = await folderWith({ 'image.html': `${image}${page('')}` });
    await writeFile(`${folder}/latin.php`, page('Caf\u00E9'), 'latin1');
    const { code, out } = await migrate(folder, '--write');
    expect(code).toBe(1);
    expect(await readFile(`${folder}/image.html`, 'utf8')).toContain(CREATED);
    expect(out).toContain('  latin.php\n    This file is not in UTF-8, and stays as it is.');
  });

  test('lists a file that cannot be written, and changes the others', async () => {
    const folder = await folderWith({ 'a.js': LOAD, 'b.js': LOAD, 'c.js': LOAD });
    await chmod(`${folder}/b.js`, 0o444);
    // Root may write everything.
    const isRoot = process.getuid?.() === 0;
    const { code, out, err } = await migrate(folder, '--write');
    const { 'a.js': a, 'b.js': b, 'c.js': c } = await readAll(folder);
    expect([code, err, a, b, c]).toEqual([isRoot ? 0 : 1, '', CREATED, isRoot ? CREATED : LOAD, CREATED]);
    expect(out.includes('  b.js\n    This place cannot be written')).toBe(!isRoot);
    expect(out).toContain('Next:');
  });

  test('with --write changes the files, and a second run changes nothing', async () => {
    const folder = await folderWith({ 'package.json': MANIFEST, 'src/analytics.ts': LOAD });
    const first = await migrate('/', folder, '--write');
    expect([first.code, first.err]).toEqual([0, '']);
    expect(first.out).toMatch(
      /^changed package\.json\nchanged src\/analytics\.ts\n\n2 files changed, 3 rewrites, 0 left/,
    );
    const written = await readAll(folder);
    expect(written).toEqual({
      'package.json': MANIFEST.replace(`"${SDK}": "^0.5.0"`, '"cio-first-party": "^0.1.0"'),
      'src/analytics.ts': CREATED,
    });
    const second = await migrate(folder, '--write');
    expect(second).toEqual({
      code: 0,
      out: "No use of Customer.io's SDK was found: there is nothing to change.\n",
      err: '',
    });
    expect(await readAll(folder)).toEqual(written);
  });

  test('puts the URL of the proxy and the client key into the code', async () => {
    const folder = await folderWith({ 'a.js': LOAD });
    const args = ['--write', '--proxy-url', 'https://events.example.com/', '--client-key', "o'web"];
    await migrate(folder, ...args);
    expect(await readFile(`${folder}/a.js`, 'utf8')).toContain(
      String.raw`createAnalytics({ proxyUrl: 'https://events.example.com', clientKey: 'o\'web' })`,
    );
  });

  test('exits with 1 if something is left, with the lines of the files as they are now', async () => {
    const code = `import { AnalyticsBrowser, InAppPlugin } from '${SDK}';
const analytics = AnalyticsBrowser.load({ writeKey: import.meta.env.VITE_KEY });
analytics.register(InAppPlugin({ siteId: 's' }));
`;
    const folder = await folderWith({ 'package.json': MANIFEST, 'a.ts': code });
    const dry = await migrate(folder);
    expect([dry.code, dry.out]).toEqual([1, expect.stringContaining('By hand'.toLowerCase())]);
    expect(dry.out).toContain('  a.ts:3\n    `InAppPlugin` is not in cio-first-party.');
    expect(dry.out).toContain(`+    "cio-first-party": "^0.1.0",\n     "${SDK}"`);
    const written = await migrate(folder, '--write');
    expect(written.code).toBe(1);
    expect(written.out).toContain('  a.ts:4\n    `InAppPlugin`');
  });

  test('follows an instance into the files that import it', async () => {
    const folder = await folderWith({
      'src/lib/analytics.ts': LOAD,
      'src/lib/index.ts': "export * from './analytics';\n",
      'src/a.ts': "import { analytics } from './lib';\nconst [ready] = await analytics;\nready.page();\n",
      'src/b.ts': "import { analytics as cdp } from '@/lib/analytics';\ncdp.addIntegration(x);\n",
      'src/c.ts': "import { analytics } from './elsewhere';\nconst [ready] = await analytics;\n",
    });
    const { code, out } = await migrate(folder, '--write');
    const files = await readAll(folder);
    expect(code).toBe(1);
    expect(files['src/a.ts']).toContain('const ready = analytics;');
    expect(files['src/c.ts']).toContain('const [ready] = await analytics;');
    expect(out).toContain('  src/b.ts:2\n    `addIntegration` is not there.');
    expect(out).toContain('1 left to do by hand');
  });

  test('does not read folders of other programs, minified code, binary files and links', async () => {
    const files = {
      'node_modules/x/a.js': LOAD,
      'dist/a.js': LOAD,
      '.next/a.js': LOAD,
      'a.min.js': LOAD,
      'long.js': `${LOAD}${'x'.repeat(60_000)}`,
      'a.txt': LOAD,
      'a.js': '\uFFFD',
    };
    const folder = await folderWith(files);
    await writeFile(`${folder}/binary.js`, Buffer.from([0xff, 0xfe, 0x00]));
    await symlink(`${folder}/a.txt`, `${folder}/link.js`);
    expect(await migrate(folder, '--write')).toMatchObject({
      code: 0,
      out: expect.stringContaining('nothing to change'),
    });
    expect(await readFile(`${folder}/link.js`, 'utf8')).toBe(LOAD);
  });

  test('reads a single file, and each manifest of a workspace', async () => {
    const folder = await folderWith({
      'package.json': '{ "workspaces": ["apps/*"] }\n',
      'apps/a/package.json': MANIFEST,
      'apps/a/a.js': LOAD,
      'apps/b/package.json': MANIFEST,
      'apps/b/b.js': `vi.mock('${SDK}');\n`,
    });
    const single = await migrate(folder, 'apps/a/a.js');
    expect(single.out).toMatch(/^--- a\/a\.js\n/);
    expect(single.out).toContain('  a.js:1\n    Install cio-first-party with your package manager');
    expect((await migrate(folder)).out).not.toContain('Install cio-first-party');
    await migrate(folder, '--write');
    const files = await readAll(folder);
    expect(files['apps/a/package.json']).not.toContain(SDK);
    expect(files['apps/b/package.json']).toBe(MANIFEST);
  });

  test('lists a place that cannot be read, and goes on', async () => {
    const folder = await folderWith({ 'a.js': LOAD, 'closed/b.js': LOAD });
    await chmod(`${folder}/closed`, 0);
    onTestFinished(() => chmod(`${folder}/closed`, 0o700));
    // Root may read everything.
    const isRoot = process.getuid?.() === 0;
    const { code, out } = await migrate(folder);
    expect(code).toBe(isRoot ? 0 : 1);
    expect(out).toContain('+++ b/a.js');
    expect(out.includes('This place cannot be read')).toBe(!isRoot);
  });

  test.each([
    [['missing'], /^The folder \S+missing cannot be read: ENOENT/],
    [['a', 'b'], /^"migrate" needs at most one folder, got 2\./],
    [['--proxy-url', 'e'], /^--proxy-url must be an http\(s\) URL or a path like \/e/],
    [['--proxy-url', 'https://me:secret@x.example'], /not "https:\/\/…@x\.example"/],
    [['--client-key', 'a:b'], /^--client-key must be a text without ":"/],
    [['--wirte'], /^Unknown option '--wirte'/],
  ])('exits with 2 for %j', async (args, message) => {
    const folder = await folderWith({ 'a.js': LOAD });
    const { code, out, err } = await migrate(folder, ...args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(message);
    expect(err).toContain('Usage: cio-first-party migrate');
  });
});

describe('cio-first-party migrate and git', () => {
  test('without --write the repository stays clean; with it, changes that are not committed get a warning', async () => {
    const folder = await folderWith({ 'a.js': LOAD, 'b.js': LOAD });
    git(folder, 'init', '-q');
    git(folder, 'add', '.');
    git(folder, 'commit', '-q', '-m', 'x');
    await migrate(folder);
    expect(git(folder, 'status', '--porcelain')).toBe('');
    await writeFile(`${folder}/a.js`, `${LOAD}// mine\n`);
    const { code, err } = await migrate(folder, '--write');
    expect(code).toBe(0);
    expect(err).toBe('These files have changes that are not committed, and get further ones:\n M a.js\n');
    expect((await readAll(folder))['a.js']).toBe(`${CREATED}// mine\n`);
  });

  test('the printed diff is the one that --write makes, apart from write keys', async () => {
    const folder = await folderWith({
      'a.js': LOAD.replace("'44e3df5b84cde8138074'", 'process.env.KEY'),
      'index.html': '<p>\r\n',
    });
    git(folder, 'init', '-q');
    const { out } = await migrate(folder);
    await writeFile(`${folder}/.git/patch`, out);
    git(folder, 'apply', '.git/patch');
    const patched = await readAll(folder);
    git(folder, 'apply', '-R', '.git/patch');
    await migrate(folder, '--write');
    expect(patched).toEqual(await readAll(folder));
    expect(patched['a.js']).toBe(CREATED);
  });
});
