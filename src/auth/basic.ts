import { basicAuthorization } from '../wire.ts';
import type { Authorizer } from './authorizer.ts';

/** The client key, as the user name of HTTP Basic with an empty password. RFC 7617. */
export function createBasicAuthorizer(clientKey: string): Authorizer {
  const headers = { Authorization: basicAuthorization(clientKey) };
  return { headers: () => headers };
}
