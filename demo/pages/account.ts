/** The account: who is signed in is known only to the visitor's browser. */
import { html } from '../html.ts';
import type { Page } from './layout.ts';

export function accountPage(): Page {
  return {
    title: 'Account · Tarn',
    section: '/account',
    name: 'Account',
    category: 'account',
    script: 'account-page.js',
    main: html`<div class="page-head"><h1>Account</h1></div>
      <div class="columns">
        <form class="form" id="sign-in" hidden>
          <h2>Sign in</h2>
          <p class="note">
            Any name will do, there is no password. You become a known person, and what you did before is
            joined with it.
          </p>
          <label>Name <input name="name" autocomplete="name" required value="Ada Fell" /></label>
          <label
            >Email <input name="email" type="email" autocomplete="email" required value="ada@example.com"
          /></label>
          <label
            >Favourite season
            <select name="season">
              <option>Spring</option>
              <option>Summer</option>
              <option selected>Autumn</option>
              <option>Winter</option>
            </select></label
          >
          <button class="button" type="submit">Sign in</button>
        </form>
        <section class="person" id="person" hidden>
          <h2 data-name tabindex="-1"></h2>
          <dl class="facts">
            <div>
              <dt>Email</dt>
              <dd data-email></dd>
            </div>
            <div>
              <dt>User id</dt>
              <dd data-id></dd>
            </div>
            <div>
              <dt>Favourite season</dt>
              <dd data-season></dd>
            </div>
          </dl>
          <button class="button quiet" type="button" id="sign-out">Sign out</button>
        </section>
        <section class="summary" aria-label="Orders">
          <h2>Orders</h2>
          <ul class="brief" id="orders"></ul>
          <p class="note" id="no-orders">None yet.</p>
        </section>
      </div>`,
  };
}
