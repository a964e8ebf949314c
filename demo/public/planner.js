/** The trip planner: four views in one document, an address each. */
import { track, call } from './analytics.js';
import { addToCart } from './cart.js';
import { euro, findProduct, properties } from './catalogue.js';
import { el, picture } from './dom.js';
import { packingList, QUESTIONS, readTrip, saveTrip } from './trip.js';

const view = document.getElementById('view');
const steps = document.getElementById('steps');

const ROUTES = [
  ...QUESTIONS.map((question, index) => ({
    path: index === 0 ? '/planner' : `/planner/${question.id}`,
    name: question.step,
    draw: () => drawQuestion(question, index),
  })),
  { path: '/planner/list', name: 'List', draw: drawList },
];

function go(path) {
  history.pushState(null, '', path);
  show();
  view.querySelector('h2').focus();
}

function show() {
  const route = ROUTES.find(({ path }) => path === location.pathname) ?? ROUTES[0];
  document.title = `${route.name} · Trip planner · Tarn`;
  void call('page', 'planner', route.name);
  steps.replaceChildren(
    ...ROUTES.map(({ path, name }, index) =>
      el(
        'a',
        { href: path, 'aria-current': path === route.path && 'step' },
        el('span', {}, String(index + 1)),
        name,
      ),
    ),
  );
  view.replaceChildren(...route.draw());
}

function drawQuestion({ id, title, options }, index) {
  const answer = (value) => {
    saveTrip({ ...readTrip(), [id]: value });
    void track('Planner Answered', { question: id, answer: value });
    go(ROUTES[index + 1].path);
  };
  return [
    el('h2', { tabindex: '-1' }, title),
    el(
      'div',
      { class: 'answers' },
      options.map(({ value, label, hint, art }) =>
        el(
          'button',
          {
            type: 'button',
            class: 'answer',
            click: () => answer(value),
            'aria-pressed': String(readTrip()[id] === value),
          },
          picture(art, 'art-answer'),
          el('strong', {}, label),
          el('span', {}, hint),
        ),
      ),
    ),
  ];
}

function drawList() {
  const trip = readTrip();
  const items = packingList(trip).map(({ slug, quantity, why }) => ({
    product: findProduct(slug),
    quantity,
    why,
  }));
  const total = items.reduce((sum, { product, quantity }) => sum + product.price * quantity, 0);
  const done = el('p', { class: 'added', role: 'status' });
  const addAll = () => {
    for (const { product, quantity } of items) {
      addToCart(product.slug, quantity);
      void track('Product Added', { ...properties(product, quantity), from: 'planner' });
    }
    done.replaceChildren('All of it is in your cart. ', el('a', { href: '/cart' }, 'Go to cart'));
  };
  return [
    el('h2', { tabindex: '-1' }, 'Your packing list'),
    el(
      'ul',
      { class: 'lines' },
      items.map(({ product, quantity, why }) =>
        el(
          'li',
          { class: 'line' },
          picture(product.slug, 'art-line'),
          el(
            'div',
            { class: 'line-words' },
            el(
              'a',
              { href: `/products/${product.slug}` },
              quantity === 1 ? product.name : `${quantity} × ${product.name}`,
            ),
            el('span', { class: 'card-kind' }, why),
          ),
          el('strong', { class: 'price' }, euro(product.price * quantity)),
        ),
      ),
    ),
    el(
      'div',
      { class: 'list-end' },
      el('button', { type: 'button', class: 'button', click: addAll }, `Add all for ${euro(total)}`),
      el('a', { class: 'button quiet', href: '/planner' }, 'Start again'),
    ),
    done,
  ];
}

document.querySelector('.planner').addEventListener('click', (event) => {
  const link = event.target.closest('a[href^="/planner"]');
  if (link === null || event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  go(link.getAttribute('href'));
});
window.addEventListener('popstate', show);
show();
