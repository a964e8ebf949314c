/** Answers of a switch, each a radio button. */
import { html, type Html } from '../html.ts';

export function choice(name: string, value: string, label: string, isFirst: boolean): Html {
  return html`<label
    ><input type="radio" name="${name}" value="${value}" ${isFirst && html`checked`} /><span
      >${label}</span
    ></label
  >`;
}

export type Labels = readonly (readonly [value: string, label: string])[];

/** All answers of one switch. */
export function choices(name: string, legend: string, labels: Labels, first: string): Html {
  return html`<fieldset class="chips">
    <legend>${legend}</legend>
    ${labels.map(([value, label]) => choice(name, value, label, value === first))}
  </fieldset>`;
}
