/** The shop's products, as the server knows them. */
export const products = await (await fetch('/catalogue.json')).json();

export const findProduct = (slug) => products.find((product) => product.slug === slug);

export const euro = (amount) => `€${amount}`;

/** What an event says about a product. */
export function properties(product, quantity) {
  const { slug, name, category, price } = product;
  return { product_id: slug, name, category, price, currency: 'EUR', ...(quantity && { quantity }) };
}
