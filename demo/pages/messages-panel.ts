/** The part of the live console that queues messages of the shop and shows what becomes of each. */
import type { RendererBehaviour } from '../faults.ts';
import { html, type Html } from '../html.ts';
import { choices } from './choice.ts';

const RENDERER: readonly (readonly [RendererBehaviour, string])[] = [
  ['fine', 'works'],
  ['slow', 'slow'],
  ['silent', 'silent'],
  ['broken', 'broken'],
];

export function messagesPanel(): Html {
  return html`<section class="panel" id="messages" aria-labelledby="messages-title" hidden>
    <div class="section-head">
      <h2 id="messages-title">Messages in the shop</h2>
      <p class="note">The renderer draws a message in its frame. A silent one is given up after 5 seconds.</p>
    </div>
    <div class="message-switches">
      ${choices('renderer', 'Renderer', RENDERER, 'fine')}
      <form class="queue-form" id="queue-message">
        <label
          >Queue for
          <select id="message-person" disabled>
            <option value="">Nobody yet</option>
          </select></label
        >
        <button class="button quiet small" type="submit" value="modal" disabled>Modal</button>
        <button class="button quiet small" type="submit" value="banner" disabled>Inline banner</button>
        <span class="note">or for everybody</span>
        <button class="button quiet small" type="submit" value="broadcast" disabled>Broadcast</button>
      </form>
    </div>
    <table class="message-lives">
      <thead>
        <tr>
          <th scope="col">Message</th>
          <th scope="col">For</th>
          <th scope="col">Queued</th>
          <th scope="col">Shown</th>
          <th scope="col">Opened</th>
          <th scope="col">Clicked</th>
          <th scope="col">Closed</th>
        </tr>
      </thead>
      <tbody></tbody>
    </table>
    <p class="visually-hidden" role="status" id="message-announcement"></p>
  </section>`;
}
