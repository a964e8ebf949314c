// The browser's own network as a switch of the console. Runs before the SDK, and while the switch is off makes
// requests to the proxy and the login fail as they fail without network, and the browser report that it is offline.
(() => {
  const KEY = 'demo:network';
  const connected = window.fetch;
  const onLine = Object.getOwnPropertyDescriptor(Navigator.prototype, 'onLine');
  const isOff = () => localStorage.getItem(KEY) === 'off';
  const isCutOff = (input) => {
    const url = new URL(input instanceof Request ? input.url : input, location.href);
    return url.origin === location.origin && /^\/(e\/v1|account)\//.test(url.pathname);
  };

  window.fetch = (input, init) =>
    isOff() && isCutOff(input)
      ? Promise.reject(new TypeError('Failed to fetch'))
      : connected.call(window, input, init);

  Object.defineProperty(navigator, 'onLine', {
    configurable: true,
    get: () => !isOff() && onLine.get.call(navigator),
  });

  // The console is another tab, so its change reaches this one as a storage event.
  window.addEventListener('storage', ({ key }) => {
    if (key === KEY) window.dispatchEvent(new Event(isOff() ? 'offline' : 'online'));
  });
})();
