/** The page after an order. */
const id = new URLSearchParams(location.search).get('order');
if (id !== null) document.getElementById('order').textContent = `Order ${id} is on its way to nobody.`;
