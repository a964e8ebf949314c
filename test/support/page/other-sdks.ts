/**
 * The snippets of Segment and RudderStack in their form: a queue with methods that push arrays, and a script that takes the queue
 * over. Calls of the SDK end in `window.theirs`.
 */

/** The snippet. `load`: the first call, which has no effect here. */
export const otherSnippet = (global: string, src: string, load = ''): string => `<script>
  (function () {
    var queue = (window.${global} = window.${global} || []);
    if (queue.initialize) return;
    queue.methods = ['load', 'page', 'track', 'identify', 'group', 'alias', 'ready', 'reset', 'getAnonymousId', 'setAnonymousId', 'on'];
    queue.methods.forEach(function (method) {
      queue[method] = function () {
        queue.push([method].concat(Array.prototype.slice.call(arguments)));
        return queue;
      };
    });
    var script = document.createElement('script');
    script.async = true;
    script.src = '${src}';
    document.head.appendChild(script);
    ${load}
  })();
</script>`;

/** The script of the other SDK. */
export const otherScript = (global: string): string => `(function () {
  var queue = window.${global};
  window.theirs = [];
  var sdk = { initialize: true, getAnonymousId: function () { return 'their-anonymous-id'; } };
  ['load', 'page', 'track', 'identify', 'group', 'alias', 'reset'].forEach(function (method) {
    sdk[method] = function (first) { window.theirs.push([method, first]); };
  });
  sdk.ready = function (run) { setTimeout(run); };
  sdk.push = function (call) { sdk[call[0]].apply(sdk, call.slice(1)); };
  window.${global} = sdk;
  queue.forEach(sdk.push);
})();`;
