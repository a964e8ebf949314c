/** The switches of the proxy and of Customer.io, which the server holds. */
const up = document.getElementById('up');
const radios = [...document.querySelectorAll('.segments input')];

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
  radio.addEventListener('change', () => void send({ [radio.name]: Number(radio.value) }));
}

/** Shows what the server says; it may have been changed from elsewhere. */
export function showSwitches(faults) {
  up.setAttribute('aria-checked', String(faults.proxy === 'up'));
  for (const radio of radios) radio.checked = Number(radio.value) === faults[radio.name];
}
