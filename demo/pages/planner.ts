/** The trip planner: one document whose pages are drawn in the browser, with `history.pushState` between them. */
import { html } from '../html.ts';
import type { Page } from './layout.ts';

export function plannerPage(): Page {
  return {
    title: 'Trip planner · Tarn',
    section: '/planner',
    name: 'Trip Planner',
    category: 'planner',
    script: 'planner.js',
    main: html`<div class="planner">
      <div class="page-head"><h1>Trip planner</h1></div>
      <nav class="steps" aria-label="Steps" id="steps"></nav>
      <div id="view"></div>
      <noscript><p>The planner is drawn by JavaScript.</p></noscript>
    </div>`,
  };
}
