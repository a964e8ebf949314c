import { inBytes } from '../../protocol/wire.ts';
import { createPrivateService, type PrivateService, type PrivateServiceNeeds } from './private-service.ts';
import type { InAppSettings } from './private-settings.ts';

/** Creates a client of Customer.io's in-app service. @param maxAnswerBytes as in `ServiceSettings` */
export function createInAppService(
  needs: PrivateServiceNeeds,
  { siteId, url }: Pick<InAppSettings, 'siteId' | 'url'>,
  maxAnswerBytes?: number,
): PrivateService {
  return createPrivateService(needs, {
    name: "Customer.io's in-app service",
    url,
    headers: async () => {
      const id = await siteId();
      if (!id) throw new TypeError('The function "siteId" returned no site id.');
      return { 'X-CIO-Site-Id': id, 'X-CIO-Client-Platform': 'web', 'Content-Type': 'application/json' };
    },
    ...(maxAnswerBytes !== undefined && { maxAnswerBytes }),
  });
}

/** The headers that name the person, or the anonymous visitor, about whom a request is. */
export function personHeaders(person: string, isAnonymous = false): Record<string, string> {
  return { 'X-Gist-Encoded-User-Token': btoa(inBytes(person)), 'X-Gist-User-Anonymous': String(isAnonymous) };
}

/** The header with the visitor's first language, out of `Accept-Language`. */
export function languageOf(acceptLanguage: string | null): Record<string, string> {
  const [, tag] = /^\s*([a-z]{2,8}(?:-[a-z\d]{1,8}){0,4})\s*(?:[,;]|$)/i.exec(acceptLanguage ?? '') ?? [];
  return tag === undefined ? {} : { 'Content-Language': tag };
}
