/** What is shown where there is nothing. */
import { html } from '../html.ts';
import type { Page } from './layout.ts';

export function notFoundPage(): Page {
  return {
    title: 'Not found · Tarn',
    name: 'Not Found',
    category: 'shop',
    main: html`<section class="thanks">
      <h1>Off the map</h1>
      <p class="lead">There is no page at this address.</p>
      <p><a class="button" href="/">Back to the shop</a></p>
    </section>`,
  };
}
