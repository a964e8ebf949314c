/** How long ago something was, in words. */
const format = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const MINUTE_MS = 60_000;
const UNITS = [
  ['week', 7 * 24 * 60 * MINUTE_MS],
  ['day', 24 * 60 * MINUTE_MS],
  ['hour', 60 * MINUTE_MS],
  ['minute', MINUTE_MS],
];

export function ago(iso) {
  const ms = Date.parse(iso) - Date.now();
  if (Number.isNaN(ms)) return '';
  const [unit, size] = UNITS.find(([, each]) => Math.abs(ms) >= each) ?? [];
  return unit === undefined ? 'just now' : format.format(Math.trunc(ms / size), unit);
}
