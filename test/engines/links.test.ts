/**
 * `trackLink` and `trackForm` in every engine: the click or the submission leads at once to a page without the
 * SDK, so only the page that leaves can deliver the event.
 */
import { expect, test } from 'vitest';
import { leave, untilAt } from './engine.ts';
import { inEveryEngine } from './setup.ts';

const formOf = (method: string): string =>
  `<form id="${method}" method="${method}" action="/blank"><input name="length" value="x"><button>Send</button></form>`;
const CONTENT = `<a id="buy" href="/blank">Buy</a>${formOf('get')}${formOf('post')}`;

/** Where a form that uses the method `get`, or `post`, leads. */
const TARGETS = { get: '/blank?length=x', post: '/blank' } as const;

inEveryEngine(({ open, arrived, site, standIn }) => {
  /** Waits for the event, and checks that it is the only one, and that the visitor has left only once. */
  async function expectOnce(name: string, properties: object): Promise<void> {
    await arrived([name], { ms: 10_000 });
    const [event] = await standIn().events();
    expect(event?.properties).toEqual(properties);
    expect(event?.context.page['path']).toBe('/shop');
    expect((await site().hits()).filter((hit) => / \/blank/.test(hit))).toHaveLength(1);
  }

  test('trackLink: a visitor clicks the link', async () => {
    const tab = await open({ content: CONTENT });
    await tab.evaluate(async () => {
      await window.analytics.trackLink(
        document.querySelector('#buy'),
        (link) => `Clicked ${link.id}`,
        (link) => ({ href: link.getAttribute('href') }),
      );
    });
    await tab.click('#buy');
    await untilAt(tab, '/blank');
    await expectOnce('Clicked buy', { href: '/blank' });
  });

  test('trackLink: the link is clicked in the task of the call', async () => {
    const tab = await open({ content: CONTENT });
    await tab
      .evaluate(() => {
        const link = document.querySelector<HTMLAnchorElement>('#buy');
        void window.analytics.trackLink(link, 'Clicked', { place: 'top' });
        link?.click();
      })
      .catch(() => undefined);
    await untilAt(tab, '/blank');
    await expectOnce('Clicked', { place: 'top' });
  });

  test('trackLink: another script navigates in the task of the click', async () => {
    const tab = await open({ content: CONTENT });
    await leave(tab, '/blank', () => {
      const link = document.querySelector<HTMLAnchorElement>('#buy');
      link?.addEventListener('click', (event) => event.preventDefault());
      void window.analytics.trackLink(link, 'Clicked');
      link?.click();
    });
    await expectOnce('Clicked', {});
  });

  for (const method of ['get', 'post'] as const) {
    test(`trackForm: a visitor submits a form of the method ${method}`, async () => {
      const tab = await open({ content: CONTENT });
      await tab.evaluate(async (id) => {
        await window.analytics.trackForm(
          document.querySelector<HTMLFormElement>(`#${id}`),
          (form) => `Sent ${form.id}`,
          (form) => ({ length: new FormData(form as HTMLFormElement).get('length') }),
        );
      }, method);
      await tab.click(`#${method} button`);
      await untilAt(tab, TARGETS[method]);
      await expectOnce(`Sent ${method}`, { length: 'x' });
    });

    test(`trackForm: a form of the method ${method} is submitted in the task of the call`, async () => {
      const tab = await open({ content: CONTENT });
      await tab
        .evaluate((id) => {
          const form = document.querySelector<HTMLFormElement>(`#${id}`);
          void window.analytics.trackForm(form, 'Sent', { place: 'end' });
          form?.requestSubmit();
        }, method)
        .catch(() => undefined);
      await untilAt(tab, TARGETS[method]);
      await expectOnce('Sent', { place: 'end' });
    });
  }
});
