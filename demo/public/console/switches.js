/** The switches of the proxy, of Customer.io and of the login, which the server holds. */
const up = document.getElementById('up');
const radios = [...document.querySelectorAll('fieldset input')];

// Changes that the server has not answered: what it says meanwhile may be older.
let sending = 0;

async function send(change) {
  sending += 1;
  const answer = await fetch('/console/faults', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(change),
  }).catch(() => null);
  sending -= 1;
  if (answer?.ok) showSwitches(await answer.json());
}

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
  if (sending > 0) return;
  up.setAttribute('aria-checked', String(faults.proxy === 'up'));
  for (const radio of radios) radio.checked = valueOf(radio) === faults[radio.name];
}
