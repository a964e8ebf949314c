import * as browser from '../browser.ts';
import { createCookies } from '../identity/cookies.ts';
import { createVisitor } from '../identity/visitor.ts';
import { createWrapped } from '../customerio/wrapped.ts';
import type { CreateProducer, WrappedProducer } from './contract.ts';

declare const __VERSION__: string;

/** Makes the events of `createAnalytics`: the visitor, and the wrapped SDK without its sender. */
export const createWrappedProducer: CreateProducer<WrappedProducer> = (needs, consumer) => {
  const { settings } = needs;
  const visitor = createVisitor({
    cookies: createCookies({ jar: browser.cookieJar, pageUrl: browser.pageUrl(), options: settings.cookie }),
    local: browser.local,
    newId: browser.uuid,
    userOptions: settings.user,
    groupOptions: settings.group,
    tell: consumer.onIdentity,
  });
  const wrapped = createWrapped({
    ...needs,
    clock: browser.clock,
    library: { name: 'cio-first-party', version: __VERSION__ },
    integrations: settings.integrations,
    refuse: needs.drop,
    ...visitor,
    ...consumer,
  });

  /** Runs `act`, and tells if the identity of the visitor has changed by it. */
  function shared<T>(act: () => T): T {
    const result = act();
    visitor.changed();
    return result;
  }

  return {
    visitor,
    wrapped,
    run: (call) => shared(() => wrapped.run(call)),
    setAnonymousId: (id) => shared(() => wrapped.pluginInstance.setAnonymousId(id)),
    anonymize: () =>
      shared(() => {
        wrapped.pluginInstance.reset();
        visitor.user.anonymousId(); // The new one is made at once: other tabs would make another.
      }),
  };
};
