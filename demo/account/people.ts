/** Whoever has signed in at this shop, for as long as it runs. */
import { randomUUID } from 'node:crypto';

export interface Shopper {
  /** Nobody can guess it: Customer.io's in-app service believes whoever names it. */
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly season: Season;
}

export const SEASONS = ['Spring', 'Summer', 'Autumn', 'Winter'] as const;
export type Season = (typeof SEASONS)[number];

export interface Shoppers {
  /** The same person for the same email, with the name and season of this time. */
  enter(given: Omit<Shopper, 'id'>): { readonly shopper: Shopper; readonly isNew: boolean };
}

export function createShoppers(): Shoppers {
  const byEmail = new Map<string, Shopper>();
  return {
    enter(given) {
      const email = given.email.trim().toLowerCase();
      const known = byEmail.get(email);
      const shopper = { ...given, name: given.name.trim(), email, id: known?.id ?? `tarn-${randomUUID()}` };
      byEmail.set(email, shopper);
      return { shopper, isNew: known === undefined };
    },
  };
}
