/** The recipes `useInbox` of the documentation, unchanged, in a page with a signed-in person. */
import type { Page } from 'playwright';
import { build, type Plugin } from 'esbuild';
import { compileScript, parse } from 'vue/compiler-sfc';
import { examples, pageText } from '../../support/docs/documentation.ts';
import { APPS } from '../../support/build/apps.ts';
import { expect, signIn, test } from '../../support/site/members.ts';

const PAGE = pageText('docs/guides/use-inbox.md');

/** Returns the one example of the page in this language that contains `part`. */
function example(language: string, part: string): string {
  const [code = '', ...others] = examples(language, PAGE).filter((each) => each.includes(part));
  expect(code, `${language} with ${part}`).not.toBe('');
  expect(others).toEqual([]);
  return code;
}

function compileVue(code: string): string {
  const { descriptor } = parse(code);
  return compileScript(descriptor, { id: 'inbox', inlineTemplate: true }).content;
}

interface Recipe {
  readonly hook: () => string;
  readonly component: () => string;
  /** The entry of the app: `window.unmount` removes it. */
  readonly entry: string;
}

const RECIPES: Readonly<Record<string, Recipe>> = {
  React: {
    hook: () => example('ts', "from 'react'"),
    component: () => example('tsx', './use-inbox'),
    entry: `
      import { createElement, StrictMode } from 'react';
      import { createRoot } from 'react-dom/client';
      import { Inbox } from './Inbox';
      const root = createRoot(document.body);
      root.render(createElement(StrictMode, null, createElement(Inbox)));
      window.unmount = () => root.unmount();`,
  },
  Vue: {
    hook: () => example('ts', "from 'vue'"),
    component: () => compileVue(example('vue', './use-inbox')),
    entry: `
      import { createApp } from 'vue';
      import Inbox from './Inbox';
      const app = createApp(Inbox);
      app.mount(document.body);
      window.unmount = () => app.unmount();`,
  },
};

/** Returns the app as one script. Its module `./analytics` is the instance of the page. */
async function bundle({ hook, component, entry }: Recipe): Promise<string> {
  const files: Readonly<Record<string, string>> = {
    './analytics': 'export const analytics = window.analytics;',
    './use-inbox': hook(),
    './Inbox': component(),
  };
  const recipe: Plugin = {
    name: 'recipe',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^\.\// }, ({ path }) =>
        path in files ? { path, namespace: 'recipe' } : undefined,
      );
      onLoad({ filter: /.*/, namespace: 'recipe' }, ({ path }) => ({
        contents: files[path] ?? '',
        loader: 'tsx',
        resolveDir: APPS,
      }));
    },
  };
  const { outputFiles } = await build({
    stdin: { contents: entry, resolveDir: APPS },
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2022',
    jsx: 'automatic',
    define: {
      'process.env.NODE_ENV': '"development"',
      __VUE_OPTIONS_API__: 'true',
      __VUE_PROD_DEVTOOLS__: 'false',
      __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false',
    },
    plugins: [recipe],
  });
  return outputFiles[0]?.text ?? '';
}

const titles = (page: Page): Promise<readonly string[]> => page.getByRole('listitem').allInnerTexts();

for (const [name, recipe] of Object.entries(RECIPES)) {
  test(`${name}: useInbox shows and changes the inbox, and shows none of it after the logout`, async ({
    members,
    standIn,
  }) => {
    const page = await members();
    const warnings: string[] = [];
    page.on('console', (line) => {
      if (line.type() === 'error' || line.type() === 'warning') warnings.push(line.text());
    });
    await signIn(page, 'ann');
    await page.addScriptTag({ content: await bundle(recipe) });
    await expect(page.getByRole('heading')).toHaveText('Messages (2 unread)');
    expect((await titles(page)).map((each) => each.replace(/\s*Mark as read.*/s, ''))).toEqual([
      'Of ann-1',
      'Of ann-2',
    ]);

    await page.getByRole('button', { name: 'Mark as read' }).first().click();
    await expect(page.getByRole('heading')).toHaveText('Messages (1 unread)');
    await page.getByRole('button', { name: 'Delete' }).last().click();
    await expect(page.getByRole('listitem')).toHaveCount(1);
    await expect
      .poll(async () => (await standIn.people())['ann']?.messages)
      .toEqual([expect.objectContaining({ queueId: 'ann-1', opened: true })]);

    // Microtasks run before the browser draws the page.
    const after = await page.evaluate(async () => {
      window.analytics.anonymize();
      for (let turn = 0; turn < 10; turn++) await Promise.resolve();
      return document.querySelectorAll('li').length;
    });
    expect(after).toBe(0);
    await signIn(page, 'bob');
    await expect(page.getByRole('listitem')).toContainText('Of bob-1');
    expect(warnings).toEqual([]);
  });

  test(`${name}: useInbox removes its listener with the component`, async ({ members }) => {
    const page = await members();
    await page.evaluate(() => {
      const { inbox } = window.analytics;
      const onChange = inbox.onChange.bind(inbox);
      window.listening = 0;
      inbox.onChange = (listener) => {
        const stop = onChange(listener);
        window.listening += 1;
        return () => {
          window.listening -= 1;
          stop();
        };
      };
    });
    await page.addScriptTag({ content: await bundle(recipe) });
    await expect.poll(() => page.evaluate(() => window.listening)).toBe(1);
    await page.evaluate(() => window.unmount());
    await expect.poll(() => page.evaluate(() => window.listening)).toBe(0);
  });
}

declare global {
  interface Window {
    /** The listeners of the inbox that are not removed. */
    listening: number;
    unmount(): void;
  }
}
