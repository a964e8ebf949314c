import type { WireEvent } from '../../protocol/wire.ts';
import { caseless, valuesOf } from '../batch/field-names.ts';
import { isRecord } from '../lib/is-record.ts';
import type { Person } from './contract.ts';

/**
 * Whether the traits by which Customer.io identifies a person are those of the sender. `id` must be the subject of the token,
 * `cio_id` its claim of that name, and `email` its claim `email`, where the token has one. Without a token an event may have
 * neither `id` nor `cio_id`; it may have `email`, because forms that visitors fill in need it.
 *
 * In a `group` call `traits` describe an object, and are not checked; `context.traits` describe a person in every call.
 */
export function hasOwnTraits(event: WireEvent, person: Person | null): boolean {
  const ofContext = valuesOf(event, 'context').flatMap((context) =>
    isRecord(context) ? valuesOf(context, 'traits') : [],
  );
  const ofCall = event.type === 'group' ? [] : valuesOf(event, 'traits');
  return [...ofCall, ...ofContext].every((traits) => !isRecord(traits) || areOwn(traits, person));
}

function areOwn(traits: Record<string, unknown>, person: Person | null): boolean {
  return Object.entries(traits).every(([name, value]) => {
    if (value === null || value === '') return true;
    switch (caseless(name).trim()) {
      case 'id':
        return person !== null && (typeof value === 'number' ? String(value) : value) === person.subject;
      case 'cio_id':
        return person !== null && value === person.cioId;
      case 'email':
        return person?.email === undefined || isSameAddress(value, person.email);
      default:
        return true;
    }
  });
}

function isSameAddress(value: unknown, email: string): boolean {
  return typeof value === 'string' && value.trim().toLowerCase() === email.trim().toLowerCase();
}
