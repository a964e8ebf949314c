/** Customer.io's snippets, as they stand in pages. */

/** The current snippet, up to the call of `load`. `region`: the end of the host. */
export const current = (calls: string, region = ''): string =>
  `!function(){var i="cioanalytics", analytics=(window[i]=window[i]||[]);if(!analytics.initialize)if(analytics.invoked)window.console&&console.error&&console.error("Snippet included twice.");else{analytics.invoked=!0;analytics.methods=["trackSubmit","trackClick","trackLink","trackForm","pageview","identify","reset","group","track","ready","alias","debug","page","once","off","on","addSourceMiddleware","addIntegrationMiddleware","setAnonymousId","addDestinationMiddleware"];analytics.factory=function(e){return function(){var t=Array.prototype.slice.call(arguments);t.unshift(e);analytics.push(t);return analytics}};for(var e=0;e<analytics.methods.length;e++){var key=analytics.methods[e];analytics[key]=analytics.factory(key)}analytics.load=function(key,e){var t=document.createElement("script");t.type="text/javascript";t.async=!0;t.setAttribute('data-global-customerio-analytics-key', i);t.src="https://cdp${region}.customer.io/v1/analytics-js/snippet/" + key + "/analytics.min.js";var n=document.getElementsByTagName("script")[0];n.parentNode.insertBefore(t,n);analytics._writeKey=key;analytics._loadOptions=e};analytics.SNIPPET_VERSION="4.15.3";${calls}}}();`;

/** The older form of the current snippet, with the global `analytics`. */
export const older = (calls: string): string =>
  current(calls)
    .replace(
      'var i="cioanalytics", analytics=(window[i]=window[i]||[])',
      'var analytics=window.analytics=window.analytics||[]',
    )
    .replace("t.setAttribute('data-global-customerio-analytics-key', i);", '');

/** The part of the classic snippet that queues calls. */
export const CLASSIC_QUEUE = `    var a,b,c;a=function(f){return function(){_cio.push([f].
    concat(Array.prototype.slice.call(arguments,0)))}};b=["load","identify",
    "sidentify","track","page","on","off"];for(c=0;c<b.length;c++){_cio[b[c]]=a(b[c])};
`;

export const classicLoader = (
  attributes: string,
  source = "t.src = 'https://assets.customer.io/assets/track.js'",
): string =>
  `    var t = document.createElement('script'),
        s = document.getElementsByTagName('script')[0];
    t.async = true;
    t.id    = 'cio-tracker';
    t.setAttribute('data-site-id', '0347e213d74e2c8b329c');
${attributes}    ${source};
    s.parentNode.insertBefore(t, s);
`;

/** The classic snippet. `attributes`: more statements that set attributes. `loader`: what stands in its place. */
export const classic = (attributes = '', loader = classicLoader(attributes)): string =>
  `  var _cio = _cio || [];
  (function() {
${CLASSIC_QUEUE}${loader}  })();
`;
