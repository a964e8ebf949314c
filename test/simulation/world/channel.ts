import type { Channel } from '../../../src/sdk/browser.ts';
import type { Random } from '../../fakes/random.ts';
import type { Page } from './page.ts';

/** BroadcastChannels of one origin. https://html.spec.whatwg.org/#broadcasting-to-other-browsing-contexts */
export interface Air {
  open(page: Page, name: string, onMessage: (message: unknown) => void): Channel;
  /**
   * The number of channels that this page has open: a page with a channel does not enter the back/forward
   * cache.
   */
  openBy(page: Page): number;
}

interface Port {
  readonly page: Page;
  readonly name: string;
  /** Messages arrive with a delay, in the order in which they were sent. */
  readonly inbox: unknown[];
  receive(): void;
}

export function createAir(random: Random): Air {
  const ports = new Set<Port>();
  return {
    open(page, name, onMessage) {
      const inbox: unknown[] = [];
      const port: Port = {
        page,
        name,
        inbox,
        receive() {
          const message = inbox.shift();
          if (ports.has(port)) onMessage(message);
        },
      };
      ports.add(port);
      page.onDeath(() => ports.delete(port));
      return {
        post(message) {
          if (page.life() === 'gone') return;
          if (!ports.has(port)) throw new DOMException('The channel is closed', 'InvalidStateError');
          for (const other of ports) {
            if (other === port || other.name !== name) continue;
            other.inbox.push(structuredClone(message));
            other.page.task(random.below(5), other.receive);
          }
        },
        close: () => void ports.delete(port),
      };
    },
    openBy: (page) => [...ports].filter((port) => port.page === page).length,
  };
}
