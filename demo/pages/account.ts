/** The account: signing in, and what is only for the person who is signed in. The browser fills it in. */
import { html, type Html } from '../html.ts';
import { inboxParts, type Page, type Services } from './layout.ts';

export function accountPage({ inbox, topics }: Services): Page {
  return {
    title: 'Account · Tarn',
    section: '/account',
    name: 'Account',
    category: 'account',
    script: 'account-page.js',
    main: html`<div class="page-head"><h1>Account</h1></div>
      <div class="columns">
        <div class="stack">${signInForm()} ${inbox ? inboxSection() : missing('inbox', 'CIO_SITE_ID')}</div>
        <div class="stack">
          <section class="person" id="person" aria-labelledby="person-name" hidden>
            <h2 id="person-name" data-name tabindex="-1"></h2>
            <dl class="about">
              <div>
                <dt>Email</dt>
                <dd data-email></dd>
              </div>
              <div>
                <dt>Favourite season</dt>
                <dd data-season></dd>
              </div>
              <div>
                <dt>User id</dt>
                <dd class="id" data-id></dd>
              </div>
            </dl>
            <button class="button quiet" type="button" id="sign-out">Sign out</button>
          </section>
          ${topics ? topicsSection() : missing('topics', 'CIO_APP_API_KEY')}
          <section class="summary" aria-labelledby="orders-title">
            <h2 id="orders-title">Orders</h2>
            <ul class="brief" id="orders"></ul>
            <p class="note" id="no-orders">None yet.</p>
          </section>
        </div>
      </div>`,
  };
}

function signInForm(): Html {
  return html`<form class="form" id="sign-in" hidden>
    <h2 id="sign-in-title" tabindex="-1">Sign in</h2>
    <p class="note">
      Any name will do, and there is no password. The shop’s server keeps a session and signs customer tokens
      for it; what you did before is joined with you.
    </p>
    <label>Name <input name="name" autocomplete="name" maxlength="100" required value="Ada Fell" /></label>
    <label
      >Email
      <input name="email" type="email" autocomplete="email" maxlength="200" required value="ada@example.com"
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
    <p class="trouble" role="alert" id="sign-in-trouble"></p>
    <button class="button" type="submit">Sign in</button>
  </form>`;
}

function inboxSection(): Html {
  return html`<section class="inbox" id="inbox" aria-labelledby="inbox-title" hidden>
    ${inboxParts('inbox-title')}
  </section>`;
}

function topicsSection(): Html {
  return html`<section class="summary" id="topics" aria-labelledby="topics-title" hidden>
    <h2 id="topics-title">What we may write about</h2>
    <div class="topics" data-topics></div>
    <p class="note" role="status" data-words></p>
  </section>`;
}

function missing(id: 'inbox' | 'topics', variable: string): Html {
  const words = id === 'inbox' ? 'Messages are' : 'Topics are';
  return html`<section class="summary" id="${id}" aria-label="${id}" hidden>
    <p class="note">${words} not shown: the demo was started without <code>${variable}</code>.</p>
  </section>`;
}
