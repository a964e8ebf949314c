import { fail, type Finding, pass, skip, warning } from '../check-result.ts';
import { USE_DIRECT } from './check-frame-urls.ts';
import type { InAppContext } from './in-app-context.ts';
import { type FrameObservation, READY_MS, watchFrame } from './watch-frame.ts';

const NAME = 'routeLoaded';

/** Checks in a browser that the renderer draws a message in the sandbox of the frame. */
export async function checkInBrowser({
  browser,
  origin,
  pageUrl,
}: InAppContext): Promise<readonly Finding[]> {
  if (browser === null)
    return [
      skip(
        NAME,
        'no browser found: install Chromium or Chrome, or pass its path with --browser /usr/bin/chromium',
      ),
    ];
  if (!/^https?:\/\//.test(origin)) return [skip(NAME, `a browser opens no page of ${origin} here`)];
  try {
    const seen = await watchFrame(browser, origin, pageUrl);
    // The row of a message that is not drawn has the error already.
    const errors = seen.outcome === 'loaded' ? [uncaughtErrors(seen)] : [];
    return [ready(origin, seen), blockedRequests(seen), ...errors];
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return [skip(NAME, `the browser ${browser} does not work: ${reason}`)];
  }
}

function ready(
  origin: string,
  { outcome, afterMs, said, exceptions: errors, refusal }: FrameObservation,
): Finding {
  if (outcome === 'loaded') return pass(NAME, `after ${afterMs} ms`);
  const heard = said.length === 0 ? 'nothing' : [...new Set(said)].join(', ');
  const problem =
    outcome === 'failed' ? `the frame said: ${heard}` : `not within ${READY_MS} ms; the frame said: ${heard}`;
  if (refusal !== undefined)
    return fail(
      NAME,
      `the browser refused the frame: ${refusal}`,
      `Add ${origin} to the origins of the proxy (CIO_ORIGINS), and correct the rows above.`,
    );
  const [error] = errors;
  return fail(
    NAME,
    error === undefined ? problem : `${problem}; a script threw ${error}`,
    `The renderer does not draw through the proxy: the SDK removes the frame and emits "error". ${USE_DIRECT}`,
  );
}

function blockedRequests({ blocked }: FrameObservation): Finding {
  const name = 'blocked requests';
  const hosts = [...new Set(blocked.map(({ host }) => host))];
  if (hosts.length === 0) return pass(name, 'none');
  return warning(
    name,
    hosts.join(', '),
    `The frame's policy blocks them: the message is drawn without them. ${USE_DIRECT}`,
  );
}

function uncaughtErrors({ exceptions: errors }: FrameObservation): Finding {
  const name = 'script errors';
  const [first] = errors;
  if (first === undefined) return pass(name, 'none');
  return warning(
    name,
    errors.length > 1 ? `${first}; and ${errors.length - 1} more` : first,
    'The message is drawn in spite of the error: open a message in the page, and look at it.',
  );
}
