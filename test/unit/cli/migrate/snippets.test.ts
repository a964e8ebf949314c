// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { migrated, STUB } from './migrated.ts';
import {
  classic,
  classicLoader,
  CLASSIC_QUEUE,
  current,
  older,
} from '../../../support/site/vendor-snippets.ts';

const KEY = 'bb2ac250436d12d3f07a';
const tag = (more = ''): string =>
  `<script async src="/e/cio.js" data-proxy-url="/e" data-client-key="web"${more}></script>`;

describe('the current snippet in a page', () => {
  test('becomes the stub and the tag, and the calls stay', () => {
    const { code, byHand, next } = migrated(
      'index.html',
      `<head>
  <script>
    ${current(`
      analytics.load("${KEY}");
      analytics.page();
      analytics.identify('u1', { plan: 'pro' });
    `)}
  </script>
  <title>Shop</title>
</head>
`,
    );
    expect(code).toBe(`<head>
  <script>${STUB}</script>
  ${tag()}
  <script>
      cioanalytics.page();
      cioanalytics.identify('u1', { plan: 'pro' });
  </script>
  <title>Shop</title>
</head>
`);
    expect(byHand).toEqual([]);
    expect(next).toEqual([expect.stringContaining('The write key bb2a… was in the code')]);
  });

  test('without other calls becomes two elements', () => {
    expect(migrated('a.html', `<script>${current(`analytics.load("${KEY}");`)}</script>`).code).toBe(
      `<script>${STUB}</script>\n${tag()}`,
    );
  });

  test('keeps other code, attributes, and the nonce', () => {
    const { code } = migrated(
      'a.liquid',
      `<script id="a" nonce="{{ nonce }}">
  var before = 1;
  ${current(`analytics.load("${KEY}");analytics.page();`)}
  after();
</script>`,
    );
    expect(code).toBe(`<script id="a" nonce="{{ nonce }}">
  var before = 1;
${STUB}</script>
${tag(' nonce="{{ nonce }}"')}
<script nonce="{{ nonce }}">
  cioanalytics.page();
  after();
</script>`);
  });

  test('with the global analytics keeps this global', () => {
    const { code } = migrated(
      'a.php',
      `<script>${older(`analytics.load("${KEY}");analytics.page();`)}</script>`,
    );
    expect(code).toBe(`<script>(stub)("analytics");</script>
${tag(' data-global="analytics"')}
<script>
  analytics.page();
</script>`);
  });

  test('lists options of load, and ignores options in comments', () => {
    const withOptions = (more: string): readonly string[] =>
      migrated('a.html', `<script>${current(`analytics.load("${KEY}"${more});`)}</script>`).byHand;
    expect(withOptions(', { integrations: { "Customer.io In-App Plugin": { siteId: "x" } } }')).toEqual([
      expect.stringContaining('The options of `load` were removed.'),
    ]);
    expect(withOptions(',\n// Optional: {\n//   "integrations": {} }\n')).toEqual([]);
  });

  test('of the EU names the region, and a key of a template is no secret', () => {
    const { next } = migrated('a.ejs', `<script>${current('analytics.load("<%= key %>");', '-eu')}</script>`);
    expect(next).toEqual([
      expect.stringContaining('The write key came from `<%= key %>`'),
      expect.stringContaining('CIO_REGION=eu'),
    ]);
  });

  test('in a comment is left', () => {
    const page = `<!-- <script>${current(`analytics.load("${KEY}");`)}</script> -->`;
    expect(migrated('a.html', page)).toEqual({ code: page, byHand: [], next: [], rewrites: 0 });
  });
});

describe('the current snippet in other code', () => {
  test('in a component loads cio.js with its attributes', () => {
    const { code, byHand } = migrated(
      'layout.tsx',
      `<script dangerouslySetInnerHTML={{ __html: \`${current(`analytics.load("${KEY}");analytics.page();`)}\` }} />`,
    );
    expect(code).toContain(
      `t.setAttribute('data-global', i);t.setAttribute("data-proxy-url", "/e");t.setAttribute("data-client-key", key);t.src = "/e/cio.js";`,
    );
    expect(code).toContain('analytics.SNIPPET_VERSION="4.15.3";analytics.load("web");analytics.page();');
    expect(code).not.toMatch(/customer\.io|bb2ac250/);
    expect(byHand).toEqual([]);
  });

  test('gets a client key with quotes as a text of the code', () => {
    const values = { proxyUrl: '/e', clientKey: `o'w"b` };
    const { code } = migrated('cio.js', current(`analytics.load("${KEY}");`), values);
    expect(code).toContain(String.raw`analytics.load("o\'w\"b");`);
  });

  test.each(['/* analytics.load("old") */ ', '// analytics.load("old")\n'])(
    'a call of load in a comment is not the one that runs: %s',
    (comment) => {
      const code = current(`${comment}analytics.load("${KEY}");analytics.page();`);
      for (const [file, before] of [
        ['cio.js', code],
        ['index.html', `<script>${code}</script>`],
      ] as const) {
        const after = migrated(file, before);
        expect(after.code).not.toContain(KEY);
        expect(after.code).toContain('analytics.load("old")');
        expect(after.next).toEqual([expect.stringContaining('The write key bb2a…')]);
      }
    },
  );

  test('two snippets in one element are both rewritten', () => {
    const two = `${current(`analytics.load("${KEY}");`)}\n${older(`analytics.load("${KEY}");`)}`;
    const both = `${current(`analytics.load("${KEY}");`)}\n${classic()}`;
    for (const code of [two, both]) {
      const after = migrated('index.html', `<script>\n${code}\n</script>`);
      expect(after.code).not.toMatch(/customer\.io|bb2ac250/);
      expect(after.byHand).toEqual([]);
      expect(migrated('index.html', after.code)).toMatchObject({ code: after.code, rewrites: 0 });
    }
  });

  test('in a file of its own gets the global analytics, if it had it', () => {
    const { code } = migrated('cio.js', older(`analytics.load(config.key);`));
    expect(code).toContain(
      't.setAttribute("data-global", "analytics");t.setAttribute("data-proxy-url", "/e");',
    );
    expect(code).toContain('analytics.load("web");');
  });

  test('with a condition without braces stays one statement', () => {
    const before = older('analytics.load("k-1-2-3");').replace('t.src="https', 'if(live)t.src="https');
    expect(migrated('cio.js', before).code).toContain(
      'if(live)t.setAttribute("data-global", "analytics"),t.setAttribute("data-proxy-url", "/e"),t.setAttribute("data-client-key", key),t.src = "/e/cio.js";',
    );
  });

  test('with a call of load that cannot be found is listed', () => {
    const { byHand } = migrated('layout.tsx', `const html = \`${current('${loadCall}analytics.page();')}\`;`);
    expect(byHand).toEqual([expect.stringContaining('The call of `load` of this snippet was not found.')]);
  });

  test('another way to load the script is listed', () => {
    const code = `script.src = \`https://cdp.customer.io/v1/analytics-js/snippet/\${key}/analytics.min.js\`;`;
    expect(migrated('a.ts', code)).toMatchObject({
      code,
      byHand: [expect.stringMatching(/^1: The script of Customer\.io is loaded here/)],
    });
  });
});

describe('the classic snippet', () => {
  const page = (attributes = '', loader?: string): string =>
    `<script type="text/javascript">
${classic(attributes, loader)}  _cio.identify({ id: 'u1' });
</script>
`;
  const kept = `<script type="text/javascript">
  var _cio = _cio || [];
  (function() {
${CLASSIC_QUEUE}  })();
  _cio.identify({ id: 'u1' });
</script>
`;

  test('in a page keeps its queue and the calls, and the tag loads cio.js with automatic page views', () => {
    const { code, byHand, next } = migrated('index.html', page());
    expect(code).toBe(`${kept}${tag(' data-page-views="load"')}\n`);
    expect(byHand).toEqual([]);
    expect(next).toEqual([expect.stringContaining('The site id is not used any more.')]);
  });

  test('without automatic page views gets none', () => {
    const { code } = migrated('index.html', page("    t.setAttribute('data-auto-track-page', 'false');\n"));
    expect(code).toBe(`${kept}${tag()}\n`);
  });

  test('with in-app messages lists them', () => {
    const { code, byHand } = migrated('index.html', page("    t.setAttribute('data-use-in-app', 'true');\n"));
    expect(code).toContain(tag(' data-page-views="load"'));
    expect(byHand).toEqual([expect.stringContaining('In-app messages need the option `inApp`')]);
  });

  test('with a hint about the EU in a comment is of the US', () => {
    const hint = "    // t.src = 'https://assets.customer.io/assets/track-eu.js'\n";
    expect(migrated('index.html', page(hint)).next).toHaveLength(1);
    const { next } = migrated(
      'index.html',
      page('', classicLoader('', "t.src = 'https://assets.customer.io/assets/track-eu.js'")),
    );
    expect(next).toContainEqual(expect.stringContaining('CIO_REGION=eu'));
  });

  test('with statements of its own, or in a component, changes the loader only', () => {
    const loader = classicLoader(
      "    t.setAttribute('data-use-array-params', 'true'); // as before\n    t.onload = ready;\n",
    );
    for (const [file, before] of [
      ['index.html', page('', loader)],
      ['hook.ts', classic('', loader)],
    ] as const) {
      const { code, byHand } = migrated(file, before);
      expect(byHand).toEqual([]);
      expect(code).toBe(
        before.replace(
          /    t\.setAttribute\('data-site-id'[^]*?track\.js'/,
          `    t.setAttribute('data-proxy-url', '/e');
    t.setAttribute('data-client-key', 'web');
    t.setAttribute('data-page-views', 'load');
    t.onload = ready;
    t.src = '/e/cio.js'`,
        ),
      );
    }
  });

  test('with page views that depend on a value lists them', () => {
    const { byHand } = migrated(
      'a.js',
      classic("    t.setAttribute('data-auto-track-page', config.pages);\n"),
    );
    expect(byHand).toEqual([expect.stringContaining('Page views depended on a value here.')]);
  });

  test('with a region that depends on a value loads cio.js, and names the region', () => {
    const { code, byHand, next } = migrated(
      'layout.tsx',
      `const html = \`${classic('', classicLoader('', "t.src = 'https://assets.customer.io/assets/track${isEu ? '-eu' : ''}.js'"))}\`;`,
    );
    expect(code).toContain("t.src = '/e/cio.js';");
    expect(byHand).toEqual([]);
    expect(next).toContainEqual(
      expect.stringContaining('The region of your account depends on a value here.'),
    );
  });

  test.each([
    "const url = 'https://assets.customer.io/assets/track-eu.js';",
    "load(isEu ? '//assets.customer.io/assets/track-eu.js' : '//assets.customer.io/assets/track.js');",
  ])('with its URL in another place is listed: %s', (code) => {
    const result = migrated('a.js', code);
    expect(result.code).toBe(code);
    expect(result.byHand[0]).toMatch(/^1: The script of Customer\.io is loaded here/);
  });

  test('without a site id is listed', () => {
    expect(migrated('a.js', "var t = tag(); t.src = '//assets.customer.io/assets/track.js';").byHand).toEqual(
      [expect.stringContaining('The tag of this snippet needs the attributes')],
    );
  });
});
