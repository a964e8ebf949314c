/** The part of the live console that shows what becomes of customer tokens, and what can go wrong with them. */
import type { LoginBehaviour } from '../faults.ts';
import { html, type Html } from '../html.ts';
import { choices, type Labels } from './choice.ts';

const LOGIN: readonly (readonly [LoginBehaviour, string])[] = [
  ['fine', 'works'],
  ['slow', 'slow'],
  ['failing', 'failing'],
  ['null', 'null'],
  ['expired', 'expired tokens'],
  ['wrong-subject', 'wrong subject'],
  ['wrong-key', 'forged tokens'],
];
const SECONDS: Labels = [
  ['15', '15 s'],
  ['60', '1 min'],
  ['900', '15 min'],
];
const HOURS: Labels = [
  ['-3', '3 h behind'],
  ['0', 'right'],
  ['3', '3 h ahead'],
];

export function tokensPanel(): Html {
  return html`<section class="panel tokens" id="tokens" aria-labelledby="tokens-title">
    <div class="section-head">
      <h2 id="tokens-title">Customer tokens</h2>
      <p class="note">A page that nobody sees renews nothing: put the shop beside this window.</p>
    </div>
    <div class="token-switches">
      ${choices('login', 'Login', LOGIN, 'fine')} ${choices('tokenSeconds', 'Tokens last', SECONDS, '60')}
      ${choices('clockHours', 'Server’s clock', HOURS, '0')}
    </div>
    <table id="people" hidden>
      <thead>
        <tr>
          <th scope="col">Who</th>
          <th scope="col">Token now</th>
          <th scope="col">Issued</th>
          <th scope="col">Renewed ahead</th>
          <th scope="col">Login failed</th>
          <th scope="col">Proxy refused</th>
          <th scope="col">Breaker</th>
        </tr>
      </thead>
      <tbody></tbody>
    </table>
    <p class="empty" id="no-people">
      Nobody has signed in yet. <a href="/account" target="_blank">Sign in</a> at the shop.
    </p>
    <div class="token-life" id="token-life" hidden>
      <div>
        <h3>Lately</h3>
        <ol id="token-steps"></ol>
      </div>
      <div>
        <h3>The proxy has answered</h3>
        <dl id="token-answers"></dl>
      </div>
    </div>
    <p class="visually-hidden" role="status" id="token-announcement"></p>
  </section>`;
}
