/** The bell of every page: how much of the inbox is unread, and the inbox itself. */
import { showCount } from './count.js';
import { showInbox } from './inbox-section.js';
import { watchInbox } from './inbox.js';

export function showBell(bell) {
  const button = bell.querySelector('button');
  const panel = bell.querySelector('section');
  const unread = bell.querySelector('[data-unread-count]');

  function open(isOpen) {
    panel.hidden = !isOpen;
    button.setAttribute('aria-expanded', String(isOpen));
  }

  showInbox(panel);
  watchInbox(({ state, messages }) => {
    const total = messages.filter(({ opened }) => !opened).length;
    showCount(unread, total, total === 1 ? 'unread message' : 'unread messages');
    bell.hidden = state === 'nobody';
    if (bell.hidden) open(false);
  });
  button.addEventListener('click', () => open(panel.hidden));
  bell.addEventListener('keydown', ({ key }) => {
    if (key !== 'Escape' || panel.hidden) return;
    open(false);
    button.focus();
  });
  // Where a message is marked or deleted, its button has left the page when the click arrives here.
  document.addEventListener('click', ({ target }) => {
    if (target.isConnected && !bell.contains(target)) open(false);
  });
}
