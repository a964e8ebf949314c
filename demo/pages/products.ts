/** The home page, the product list and the product pages. */
import { CATEGORIES, type Category, euro, type Product, PRODUCTS } from '../catalogue.ts';
import { html, type Html, trusted } from '../html.ts';
import { type Page, picture } from './layout.ts';

function card(product: Product): Html {
  return html`<li class="card">
    <a href="/products/${product.slug}">
      ${picture(product.slug, 'art-card')}
      <span class="card-name">${product.name}</span>
      <span class="card-kind">${product.kind}</span>
      <span class="card-price">${euro(product.price)}</span>
    </a>
  </li>`;
}

export function homePage(): Page {
  const featured = ['lee', 'scree', 'glim', 'cinder'].flatMap((slug) =>
    PRODUCTS.filter((product) => product.slug === slug),
  );
  return {
    title: 'Tarn: gear for places without signal',
    name: 'Home',
    category: 'shop',
    main: html`<section class="hero">
        <svg class="scene" aria-hidden="true">
          <use href="/assets/art.svg#scene" />
        </svg>
        <div class="hero-words">
          <h1>Gear for places without signal</h1>
          <p>Eight things that work when nothing else does, made to be carried far and mended often.</p>
          <p class="actions">
            <a class="button" href="/products">See all gear</a>
            <a class="button quiet" href="/planner">Plan a trip</a>
          </p>
        </div>
      </section>
      <div class="banner" id="home-banner"></div>
      <aside class="story" aria-label="What this shop shows">
        <p>
          Turn the proxy down in the <a href="/console">live console</a>, click around here, close the tab,
          then turn the proxy up and come back: every event still arrives.
        </p>
      </aside>
      <section class="shelf" aria-labelledby="shelf-title">
        <div class="section-head">
          <h2 id="shelf-title">Packed most often</h2>
          <a href="/products">All gear</a>
        </div>
        <ul class="grid">
          ${featured.map(card)}
        </ul>
      </section>
      <section class="teaser">
        <div>
          <h2>Not sure what to pack?</h2>
          <p>
            Say how many nights, with whom and in which season. The planner writes the list and leaves out
            what you do not need.
          </p>
          <p><a class="button" href="/planner">Open the trip planner</a></p>
        </div>
        <div class="teaser-art" aria-hidden="true">
          ${['brim', 'beck', 'lode'].map((slug) => picture(slug, 'art-teaser'))}
        </div>
      </section>`,
  };
}

export function productsPage(category: Category | undefined): Page {
  const shown =
    category === undefined ? PRODUCTS : PRODUCTS.filter((product) => product.category === category);
  const title = category === undefined ? 'All gear' : CATEGORIES[category];
  const filters: readonly (readonly [string, string, boolean])[] = [
    ['/products', 'Everything', category === undefined],
    ...Object.entries(CATEGORIES).map(
      ([id, label]) => [`/products?category=${id}`, label, id === category] as const,
    ),
  ];
  return {
    title: `${title} · Tarn`,
    section: '/products',
    name: title,
    category: 'products',
    main: html`<div class="page-head">
        <h1>${title}</h1>
        <nav class="chips" aria-label="Categories">
          ${filters.map(([path, label, isHere]) => html`<a href="${path}" ${isHere && trusted(' aria-current="true"')}>${label}</a>`)}
        </nav>
      </div>
      <ul class="grid">
        ${shown.map(card)}
      </ul>`,
  };
}

export function productPage(product: Product): Page {
  const others = PRODUCTS.filter((other) => other.slug !== product.slug);
  const related = [
    ...others.filter((other) => other.category === product.category),
    ...others.filter((other) => other.category !== product.category),
  ].slice(0, 4);
  return {
    title: `${product.name}, ${product.kind.toLowerCase()} · Tarn`,
    section: '/products',
    name: product.name,
    category: 'product',
    script: 'product.js',
    main: html`<nav class="crumbs" aria-label="Breadcrumb">
        <a href="/products">All gear</a> <span aria-hidden="true">/</span>
        <a href="/products?category=${product.category}">${CATEGORIES[product.category]}</a>
      </nav>
      <article class="product">
        ${picture(product.slug, 'art-large')}
        <div class="product-words">
          <p class="kind">${product.kind}</p>
          <h1>${product.name}</h1>
          <p class="lead">${product.summary}</p>
          <p>${product.story}</p>
          <dl class="facts">
            ${Object.entries(product.facts).map(
              ([name, value]) =>
                html`<div>
                  <dt>${name}</dt>
                  <dd>${value}</dd>
                </div>`,
            )}
          </dl>
          <form class="buy" data-product="${product.slug}">
            <strong class="price">${euro(product.price)}</strong>
            <label class="quantity"
              >Quantity
              <select name="quantity">
                ${[1, 2, 3, 4].map((count) => html`<option>${count}</option>`)}
              </select></label
            >
            <button class="button" type="submit" disabled>Add to cart</button>
          </form>
          <p class="added" role="status"></p>
        </div>
      </article>
      <section class="shelf" aria-labelledby="related-title">
        <h2 id="related-title">Goes well with</h2>
        <ul class="grid">
          ${related.map(card)}
        </ul>
      </section>`,
  };
}
