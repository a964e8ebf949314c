/** Makes elements. Text is always text: nothing here reads HTML. */

const SVG = 'http://www.w3.org/2000/svg';

export function el(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

export function svg(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

/** A product's picture on its tint. */
export function picture(slug, className) {
  const art = svg('svg', { viewBox: '0 0 240 240', 'aria-hidden': 'true' });
  art.append(svg('use', { href: `/assets/art.svg#${slug}` }));
  return el('span', { class: `art tint-${slug} ${className}` }, art);
}

/** Enables the button of a form. The page has it disabled, so that no click comes before the script listens to the form. */
export function enable(form) {
  form.querySelector('[type=submit]').disabled = false;
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name, value);
    else if (value !== false && value !== undefined) element.setAttribute(name, value === true ? '' : value);
  }
  element.append(
    ...children.flat().filter((child) => child !== null && child !== undefined && child !== false),
  );
  return element;
}
