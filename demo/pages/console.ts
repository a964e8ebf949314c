/** The live console: the way of an event from left to right, with a switch at each station. */
import { html, type Html } from '../html.ts';
import { choice } from './choice.ts';
import { messagesPanel } from './messages-panel.ts';
import { tokensPanel } from './tokens-panel.ts';

export function consolePage(): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>Live console · Tarn</title>
        <link rel="icon" href="/assets/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/assets/base.css" />
        <link rel="stylesheet" href="/assets/console.css" />
        <script type="module" src="/assets/console/console.js"></script>
      </head>
      <body>
        <a class="skip" href="#arrivals">Skip to the events</a>
        <header class="top">
          <a class="brand" href="/" aria-label="Tarn, the shop"
            ><svg aria-hidden="true"><use href="/assets/art.svg#mark" /></svg><span>Tarn</span></a
          >
          <h1>Live console</h1>
          <p class="connection" role="status" id="connection">Connecting</p>
          <a class="button quiet small" href="/" target="_blank">Open the shop</a>
        </header>
        <main>
          <div class="way">
            <section class="station" id="browser" aria-labelledby="browser-title">
              <h2 id="browser-title">Browser</h2>
              <p class="figure"><strong data-pending>0</strong> <span>waiting</span></p>
              <p class="detail" data-tabs>No shop has been open here yet</p>
              <p class="detail trouble" data-trouble></p>
              <ul class="waiting" data-waiting aria-label="Waiting events"></ul>
              <div class="switches">
                <div class="switch-line">
                  <span id="network-label">Network of this browser</span>
                  <button
                    type="button"
                    role="switch"
                    id="network"
                    aria-checked="true"
                    aria-labelledby="network-label"
                  ></button>
                </div>
                <button type="button" class="button quiet small" id="flush" disabled>Send now</button>
              </div>
            </section>
            <div class="link" id="link-proxy" aria-hidden="true"></div>
            <section class="station" id="proxy" aria-labelledby="proxy-title">
              <h2 id="proxy-title">Proxy</h2>
              <p class="figure"><strong data-requests>0</strong> <span>requests</span></p>
              <p class="detail" data-bytes>0 bytes from browsers</p>
              <p class="detail trouble" data-failed></p>
              <div class="switches">
                <div class="switch-line">
                  <span id="up-label">Proxy is up</span>
                  <button
                    type="button"
                    role="switch"
                    id="up"
                    aria-checked="true"
                    aria-labelledby="up-label"
                  ></button>
                </div>
              </div>
            </section>
            <div class="link" id="link-upstream" aria-hidden="true"></div>
            <section class="station" id="upstream" aria-labelledby="upstream-title">
              <h2 id="upstream-title">Customer.io</h2>
              <p class="figure"><strong data-accepted>0</strong> <span>events accepted</span></p>
              <p class="detail" data-received>0 requests, 0 bytes</p>
              <p class="detail" data-kind></p>
              <div class="switches">
                <fieldset class="segments">
                  <legend>Answers</legend>
                  ${choice('upstream', '200', '200', true)}${choice('upstream', '429', '429', false)}${choice('upstream', '500', '500', false)}
                </fieldset>
                <fieldset class="segments">
                  <legend>Takes</legend>
                  ${choice('latencyMs', '0', 'no time', true)}${choice('latencyMs', '2000', '2 s', false)}${choice('latencyMs', '8000', '8 s', false)}
                </fieldset>
              </div>
            </section>
          </div>
          <section class="panel" aria-labelledby="chart-title">
            <div class="section-head">
              <h2 id="chart-title">Waiting in this browser</h2>
              <p class="note"><span class="key" aria-hidden="true"></span>something on the way is broken</p>
            </div>
            <div id="chart" class="chart"></div>
          </section>
          ${messagesPanel()} ${tokensPanel()}
          <section class="panel" id="arrivals" tabindex="-1" aria-labelledby="arrivals-title">
            <div class="section-head">
              <h2 id="arrivals-title">Arrived at Customer.io</h2>
              <p class="head-actions">
                <a href="/console/events">As JSON</a>
                <button type="button" class="button quiet small" id="clear">Clear</button>
              </p>
            </div>
            <p class="visually-hidden" role="status" id="announcement"></p>
            <table id="events" hidden>
              <thead>
                <tr>
                  <th scope="col">Arrived</th>
                  <th scope="col">Who</th>
                  <th scope="col">What</th>
                  <th scope="col">Happened</th>
                  <th scope="col" class="number">Late by</th>
                </tr>
              </thead>
              <tbody></tbody>
            </table>
            <p class="empty" id="no-events">
              Nothing has arrived yet. <a href="/" target="_blank">Open the shop</a> and click around.
            </p>
          </section>
        </main>
      </body>
    </html>`;
}
