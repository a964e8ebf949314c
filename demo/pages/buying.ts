/** Cart, checkout and thanks: what is bought is known only to the visitor's browser. */
import { html } from '../html.ts';
import type { Page } from './layout.ts';

export function cartPage(): Page {
  return {
    title: 'Cart · Tarn',
    section: '/cart',
    name: 'Cart',
    category: 'buying',
    script: 'cart-page.js',
    main: html`<div class="page-head"><h1>Cart</h1></div>
      <div class="banner" id="cart-banner"></div>
      <div class="columns">
        <section aria-label="In the cart">
          <ul class="lines" id="lines"></ul>
          <div class="empty" id="empty" hidden>
            <p>There is nothing in your cart yet.</p>
            <p><a class="button" href="/products">See all gear</a></p>
          </div>
        </section>
        <section class="summary" id="summary" aria-label="Summary" hidden>
          <h2>Summary</h2>
          <dl>
            <div>
              <dt>Goods</dt>
              <dd data-goods></dd>
            </div>
            <div>
              <dt>Delivery</dt>
              <dd data-delivery></dd>
            </div>
            <div class="total">
              <dt>Total</dt>
              <dd data-total></dd>
            </div>
          </dl>
          <p><a class="button wide" href="/checkout">Check out</a></p>
        </section>
      </div>`,
  };
}

export function checkoutPage(): Page {
  return {
    title: 'Check out · Tarn',
    section: '/cart',
    name: 'Checkout',
    category: 'buying',
    script: 'checkout.js',
    main: html`<div class="page-head"><h1>Check out</h1></div>
      <div class="columns">
        <form class="form" id="checkout">
          <fieldset>
            <legend>Who</legend>
            <label>Name <input name="name" autocomplete="name" required value="Ada Fell" /></label>
            <label
              >Email <input name="email" type="email" autocomplete="email" required value="ada@example.com"
            /></label>
          </fieldset>
          <fieldset>
            <legend>Where to</legend>
            <label
              >Street <input name="street" autocomplete="street-address" required value="4 Lakeside Path"
            /></label>
            <div class="pair">
              <label
                >Postcode <input name="postcode" autocomplete="postal-code" required value="LA22"
              /></label>
              <label
                >Town <input name="town" autocomplete="address-level2" required value="Ambleside"
              /></label>
            </div>
          </fieldset>
          <fieldset>
            <legend>How to pay</legend>
            <label class="choice"
              ><input type="radio" name="payment" value="invoice" checked /> Invoice, 30 days</label
            >
            <label class="choice"
              ><input type="radio" name="payment" value="at-the-door" /> Cash at the door</label
            >
          </fieldset>
          <button class="button wide" type="submit" disabled>Place order</button>
          <p class="note">Nothing is charged and nothing is sent to you.</p>
        </form>
        <section class="summary" aria-label="Your order">
          <h2>Your order</h2>
          <ul class="brief" id="brief"></ul>
          <dl>
            <div>
              <dt>Goods</dt>
              <dd data-goods></dd>
            </div>
            <div>
              <dt>Delivery</dt>
              <dd data-delivery></dd>
            </div>
            <div class="total">
              <dt>Total</dt>
              <dd data-total></dd>
            </div>
          </dl>
        </section>
      </div>`,
  };
}

export function thanksPage(): Page {
  return {
    title: 'Thank you · Tarn',
    name: 'Order Confirmed',
    category: 'buying',
    script: 'thanks.js',
    main: html`<section class="thanks">
      <svg class="thanks-mark" aria-hidden="true"><use href="/assets/art.svg#mark" /></svg>
      <h1>Thank you</h1>
      <p class="lead" id="order">Your order is on its way to nobody.</p>
      <p>
        The event <code>Order Placed</code> was tracked one instant before this page replaced the last one.
        See it arrive in the <a href="/console">live console</a>.
      </p>
      <p><a class="button" href="/products">Keep looking</a></p>
    </section>`,
  };
}
