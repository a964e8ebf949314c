/**
 * A stand-in for the page in the frame of a message: the part of Customer.io's renderer that the site talks to. The site
 * posts `{options, capabilities}`; the renderer posts `{gist: {method, instanceId, parameters}}`.
 *
 * HTML of messages may use `message.dismiss()` as the real one, and, in the stand-in only:
 *
 * - `data-action="gist://close" data-name="later"`, with `data-system`: a click posts `tap`
 * - `data-post="routeError"`, or `data-post='{"method":"…","parameters":{…}}'`: a click posts that method
 * - `data-step="two"`: a step; the first is visible. `data-step-display='{"position":"top"}'`: its display settings
 * - `data-go-step="two"`: a click asks for that step
 * - `message.tap(action, name, system)`, `message.post(method, parameters)`, `message.track(name, payload)`
 */
(() => {
  /** The variants that depend on the script. A message id such as `V8-error--m1` sets one for its message alone. */
  const pageVariant = document.documentElement.dataset.variant ?? 'V1';
  const variantOf = (messageId) => /^(V\d(?:-[a-z]+)*)--/.exec(String(messageId))?.[1] ?? pageVariant;
  const root = () => document.getElementById('message');

  const SLOW_MS = 3_000;

  let options = {};
  let capabilities = [];
  let waitingFor;

  function post(method, parameters) {
    const instanceId =
      variantOf(options.messageId) === 'V8-foreign' ? 'foreign-instance' : options.instanceId;
    const gist = { method, instanceId, ...(parameters && { parameters }) };
    window.parent.postMessage({ gist }, '*');
  }

  const tap = (action, name = '', system = false) => post('tap', { action, name, system });
  window.message = {
    dismiss: () => tap('gist://close'),
    tap,
    post,
    track: (name, payload) => post('eventDispatched', { name, payload }),
  };

  async function unpack(base64) {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
    return new Response(stream).text();
  }

  /** Shows a complete HTML document. Scripts are made anew, because a parsed one never runs. */
  function show(html) {
    const parsed = new DOMParser().parseFromString(html, 'text/html');
    const nodes = [...parsed.querySelectorAll('head style, head script'), ...parsed.body.childNodes];
    root().replaceChildren(...nodes.map((node) => document.importNode(node, true)));
    for (const script of [...root().querySelectorAll('script')]) {
      const copy = document.createElement('script');
      for (const { name, value } of [...script.attributes]) copy.setAttribute(name, value);
      copy.textContent = script.textContent;
      script.replaceWith(copy);
    }
    return parsed.title;
  }

  const steps = () => [...document.querySelectorAll('[data-step]')];
  const displayOf = (step) => JSON.parse(step?.dataset.stepDisplay ?? '{}');

  function showStep(stepId) {
    for (const step of steps()) step.hidden = step.dataset.step !== stepId;
    postSize();
  }

  /** What the site can do decides who changes the step: the site, or this page alone. */
  function goToStep(stepId, name) {
    const step = steps().find((each) => each.dataset.step === stepId);
    const parameters = { messageStepName: stepId, displaySettings: displayOf(step), name };
    if (capabilities.includes('CrossPageStepNavigation')) {
      waitingFor = Math.random().toString(36).slice(2);
      post('stepChangeRequested', { ...parameters, requestId: waitingFor });
      return;
    }
    if (capabilities.includes('MultiStepDisplayTypes')) post('changeMessageStep', parameters);
    showStep(stepId);
  }

  function postSize() {
    const height = Math.ceil(root().getBoundingClientRect().height);
    post('sizeChanged', { width: window.innerWidth, height });
  }

  /** A V6 page in an opaque origin ends here: both accesses throw. */
  function useStorage() {
    window.localStorage.setItem('renderer', '1');
    document.cookie = 'renderer=1';
  }

  async function open(given) {
    options = given;
    const variant = variantOf(options.messageId);
    if (variant === 'V8-silent') return;
    if (variant === 'V1-slow') await new Promise((done) => setTimeout(done, SLOW_MS));
    // A later message of the site has replaced this one meanwhile.
    if (options !== given) return;
    if (variant === 'V6') useStorage();
    post('bootstrapped');
    if (variant === 'V8-error') return post('error');
    if (variant === 'V8-route-error') return post('routeError', { route: options.messageId });
    if (variant === 'V7') fetch('https://engine.example/api/v1/configuration').catch(() => {});
    const mine = options.instanceId;
    try {
      const html = await unpack(options.properties.gist.encodedMessageHtml);
      // A later message of the site has replaced this one while it was unpacked.
      if (options.instanceId !== mine) return;
      setColorScheme(options.colorScheme);
      const title = show(html);
      const first = steps().find((each) => each.dataset.step === options.stepId) ?? steps()[0];
      if (first) showStep(first.dataset.step);
      const fullDisplaySettings = first?.dataset.stepDisplay ? displayOf(first) : undefined;
      post('routeLoaded', { route: options.messageId, ...(fullDisplaySettings && { fullDisplaySettings }) });
      if (title !== '') post('titleChanged', { title });
      postSize();
    } catch {
      post('error');
    }
  }

  function setColorScheme(scheme) {
    if (scheme !== undefined) document.documentElement.dataset.colorScheme = scheme;
  }

  function receive({ data, source }) {
    if (source !== window.parent || typeof data !== 'object' || data === null) return;
    if (data.options) {
      capabilities = data.capabilities ?? [];
      void open(data.options);
    }
    if (data.action === 'showStep' && (waitingFor === undefined || data.requestId === waitingFor)) {
      waitingFor = undefined;
      showStep(data.stepId);
    }
    if (data.action === 'updateColorScheme') setColorScheme(data.colorScheme);
    if (data.action === 'updateDisplaySettings')
      document.documentElement.dataset.displaySettings = JSON.stringify(data.displaySettings);
  }

  function click(event) {
    const element = event.target.closest?.('[data-action], [data-post], [data-go-step]');
    if (!element) return;
    event.preventDefault();
    const { action, name = '', post: what, goStep } = element.dataset;
    if (goStep !== undefined) return goToStep(goStep, name);
    if (action !== undefined) return tap(action, name, element.hasAttribute('data-system'));
    const { method, parameters } = what.startsWith('{') ? JSON.parse(what) : { method: what };
    post(method, parameters);
  }

  if (pageVariant === 'V6') useStorage();
  window.addEventListener('message', receive);
  document.addEventListener('click', click);
  // Images and fonts change the size after it was told.
  new window.ResizeObserver(() => root().firstChild && postSize()).observe(root());
  const early = window.earlyMessages ?? [];
  window.earlyMessages = undefined;
  for (const event of early) receive(event);
})();
