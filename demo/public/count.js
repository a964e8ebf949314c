/** A number beside a link or a button, with the words for those who hear it. */
import { el } from './dom.js';

export function showCount(badge, total, words) {
  badge.hidden = total === 0;
  badge.replaceChildren(String(total), el('span', { class: 'visually-hidden' }, ` ${words}`));
}
