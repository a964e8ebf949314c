/** The switches of the proxy, of Customer.io and of the login, which the server holds. */
const up = document.getElementById('up');
const radios = [...document.querySelectorAll('fieldset input')];

const send = (change) =>
  fetch('/console/faults', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(change),
  });

up.addEventListener('click', () => {
  void send({ proxy: up.getAttribute('aria-checked') === 'true' ? 'down' : 'up' });
});
for (const radio of radios) {
  radio.addEventListener('change', () => void send({ [radio.name]: valueOf(radio) }));
}

function valueOf({ value }) {
  const number = Number(value);
  return Number.isNaN(number) ? value : number;
}

/** Shows what the server says; it may have been changed from elsewhere. */
export function showSwitches(faults) {
  up.setAttribute('aria-checked', String(faults.proxy === 'up'));
  for (const radio of radios) radio.checked = valueOf(radio) === faults[radio.name];
}
