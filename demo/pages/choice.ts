/** One answer of several, as a radio button that looks like a part of a switch. */
import { html, type Html } from '../html.ts';

export function choice(name: string, value: string, label: string, isFirst: boolean): Html {
  return html`<label
    ><input type="radio" name="${name}" value="${value}" ${isFirst && html`checked`} /><span
      >${label}</span
    ></label
  >`;
}
