/** Makes the browser's compression as slow as a test needs. */
import type { Page } from 'playwright';

declare global {
  interface Window {
    compression: { hasBegun: boolean; goesOn: Promise<unknown>; goOn(): void };
  }
}

/** From the next page on, every compression waits until `goOn` is called. */
export const holdCompression = (page: Page): Promise<unknown> =>
  page.addInitScript(() => {
    const { CompressionStream: Real } = window;
    let goOn = (): void => {};
    const goesOn = new Promise<void>((resolve) => (goOn = resolve));
    window.compression = { hasBegun: false, goesOn, goOn };
    window.CompressionStream = function (format: CompressionFormat) {
      window.compression.hasBegun = true;
      const { writable, readable } = new TransformStream({
        async transform(chunk, controller) {
          await window.compression.goesOn;
          controller.enqueue(chunk);
        },
      });
      return { writable, readable: readable.pipeThrough(new Real(format)) };
    } as unknown as typeof CompressionStream;
  });

/** Waits until the compression of a body has begun. */
export const compressionBegun = async (page: Page): Promise<void> =>
  void (await page.waitForFunction(() => window.compression.hasBegun));

export const goOnCompressing = (page: Page): Promise<void> => page.evaluate(() => window.compression.goOn());
