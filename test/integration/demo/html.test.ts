import { expect, test } from 'vitest';
import { html, trusted } from '../../../demo/html.ts';

test('escapes inserted values, also in attributes and lists', () => {
  const name = `<b a="1" b='2'>&`;
  const escaped = '&lt;b a=&quot;1&quot; b=&#39;2&#39;&gt;&amp;';
  expect(html`<p title="${name}">${[name, 7]}</p>`.html).toBe(`<p title="${escaped}">${escaped}7</p>`);
});

test('leaves HTML unchanged, and prints nothing for missing values', () => {
  expect(html`<p>${html`<b>${'x'}</b>`}${trusted('<i>')}${null}${undefined}${false}</p>`.html).toBe(
    '<p><b>x</b><i></p>',
  );
});
