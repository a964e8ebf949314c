import { isLoopback } from '../lib/is-loopback.ts';

/**
 * Logs a warning for each URL with `http:` on another machine: everybody on the way can read the credentials and the personal data in
 * its requests, or change its responses.
 *
 * @param owner the function whose options these are
 * @param urls the URLs by the names of their options
 */
export function warnOfPlainHttp(
  owner: string,
  urls: Readonly<Record<string, string | URL | undefined>>,
): void {
  for (const [option, url] of Object.entries(urls)) {
    if (url === undefined) continue;
    const { protocol, hostname, origin } = new URL(url);
    if (protocol !== 'http:' || isLoopback(hostname)) continue;
    // oxlint-disable-next-line no-console -- the proxy has no log of its own before the first request
    console.warn(
      `${owner}: "${option}" is ${origin}, without encryption: everybody on the way can read keys and events. Use https.`,
    );
  }
}
