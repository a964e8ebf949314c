/** A message holds scripts of its author: they reach nothing of the page, its cookies and its storage. */
import type { Page } from 'playwright';
import { expect, messageIn, test, untilShown } from '../../support/site/message-visits.ts';
import { message } from '../../support/site/in-app-message.ts';

/** A message whose script writes what it was able to do into its own text. */
const PRYING = `<p id="found"></p><script>
  const found = [self.origin];
  const tries = {
    parent: () => parent.document.title,
    top: () => top.location.href,
    storage: () => localStorage.length,
    cookie: () => document.cookie,
    database: () => indexedDB.open('x'),
  };
  for (const [name, run] of Object.entries(tries)) {
    try { found.push(name + '=' + run()); } catch (error) { found.push(name + ' ' + error.name); }
  }
  document.getElementById('found').textContent = found.join(', ');
</script>`;

const SECURITY = 'parent SecurityError, top SecurityError, storage SecurityError, cookie SecurityError';

test('script of a message has no origin, and reads neither page nor storage nor cookies', async ({
  visit,
  standIn,
}) => {
  await standIn.setMessages('u1', [message({ html: PRYING })]);
  const page = await visit({ as: 'u1' });
  await untilShown(page, 'q1');
  await expect(messageIn(page).locator('#found')).toContainText(`null, ${SECURITY}`);
  await expect(messageIn(page).locator('#found')).not.toContainText('database=');
});

test('script of a message does not lead the page away', async ({ visit, standIn }) => {
  const html = `<p>Away</p><script>
    try { top.location = '/cart'; } catch {}
    try { parent.location.replace('/cart'); } catch {}
    setTimeout(() => message.tap('tried', 'tried'), 100);
  </script>`;
  await standIn.setMessages('u1', [message({ html })]);
  const page = await visit({ as: 'u1' });
  await untilShown(page, 'q1');
  await expect
    .poll(() => page.evaluate(() => window.heard.map(({ actionName }) => actionName)))
    .toContain('tried');
  expect(new URL(page.url()).pathname).toBe('/messages');
});

const tryHere = (page: Page): Promise<readonly string[]> =>
  page.evaluate(() => {
    const tries = [() => localStorage.length, () => sessionStorage.length, () => document.cookie];
    return tries.map((run) => {
      try {
        return String(run());
      } catch (error) {
        return (error as Error).name;
      }
    });
  });

test('the page of the frame has no origin either where somebody opens it by its URL', async ({
  page,
  site,
}) => {
  const response = await page.goto(`${site.origin}/e/v1/frame/index.html`);
  expect(response?.headers()['content-security-policy']).toMatch(/^sandbox (?!.*allow-same-origin)/);
  expect(await page.evaluate(() => self.origin)).toBe('null');
  expect(await tryHere(page)).toEqual(Array<string>(3).fill('SecurityError'));
});

test('no cookie of the site, no token and no referrer goes to the hosts of the frame, and none comes back', async ({
  visit,
  context,
  site,
  standIn,
}) => {
  await context.addCookies([{ name: 'session', value: 'secret-of-the-site', url: site.origin }]);
  await standIn.rendererVariant('V2');
  await standIn.setMessages('u1', [message()]);
  const page = await visit({ as: 'u1' });
  await untilShown(page, 'q1');
  const requests = await standIn.messageRequests();
  const ofFrame = requests.filter(({ route }) => route === 'frame' || route === 'code');
  expect(ofFrame.length).toBeGreaterThan(1);
  for (const { headers } of ofFrame) {
    expect([headers.cookie, headers.authorization, headers.referer]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(headers['x-cio-client-key']).toBeUndefined();
  }
  for (const { headers } of requests) expect(JSON.stringify(headers)).not.toContain('secret-of-the-site');
  // The stand-in's hosts of the frame set a cookie with every file.
  const cookies = await context.cookies();
  expect(cookies.map(({ name }) => name)).not.toContain('renderer');
});
