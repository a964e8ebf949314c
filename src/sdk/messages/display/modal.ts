/**
 * A message in the middle of the page, or at its upper or lower edge, over everything.
 *
 * `showModal` of the `dialog` element is used, and not the attribute `inert` on the rest of the page: the browser then covers every
 * `z-index`, blocks elements as well that the page adds later, restores the page even if this code fails, and has the gesture "back"
 * of Android. Safari has it since 15.4 and Firefox since 98, `inert` came later to each.
 * https://html.spec.whatwg.org/#dom-dialog-showmodal
 */
import type { ModalPlacement, Placement } from './placement.ts';
import { addLayer, FADE_MS, setHeight, type Stage, type Surface } from './surface.ts';

/** A click that was meant for the page, just before the message came, does not close it. */
const CLICKS_CLOSE_AFTER_MS = 1_000;

export function openModal(stage: Stage, placement: ModalPlacement & Placement): Surface {
  const { page, view, clock, frame, life: signal } = stage;
  const { host, root } = addLayer(stage);
  const dialog = page.createElement('dialog');
  const end = page.createElement('span');
  let opener: Element | null = null;
  let shownAtMs = 0;

  dialog.className = placement.position;
  dialog.setAttribute('role', 'dialog');
  dialog.setAttribute('aria-modal', 'true');
  dialog.setAttribute('aria-label', frame.title);
  dialog.style.setProperty('background-color', placement.overlayColor);
  dialog.style.setProperty('--width', `${placement.widthPx}px`);
  dialog.append(frame, end);
  root.append(dialog);

  const focus = (): void => dialog.focus({ preventScroll: true });

  function leave(event: Event): void {
    event.preventDefault();
    if (placement.exitClick) stage.dismiss();
  }

  // A modal dialog lets Tab out to the browser's own buttons. These two listeners lead it round: from the end to the dialog itself,
  // and backwards from the dialog into the frame. Keys that are pressed inside the frame never reach the page.
  dialog.tabIndex = end.tabIndex = 0;
  end.addEventListener('focus', focus, { signal });
  dialog.addEventListener(
    'keydown',
    (event) => {
      if (event.key === 'Escape') leave(event);
      else if (event.key === 'Tab' && event.shiftKey && event.target === dialog) {
        event.preventDefault();
        frame.focus({ preventScroll: true });
      }
    },
    { signal },
  );
  dialog.addEventListener('cancel', leave, { signal });
  // Chrome closes a dialog without asking when `cancel` was prevented once and the visitor has done nothing else since.
  dialog.addEventListener(
    'close',
    (event) => {
      leave(event);
      if (!signal.aborted) open();
    },
    { signal },
  );
  dialog.addEventListener(
    'click',
    (event) => {
      if (event.target === dialog && clock.now() - shownAtMs >= CLICKS_CLOSE_AFTER_MS) leave(event);
    },
    { signal },
  );

  function open(): void {
    dialog.showModal();
    focus();
  }

  return {
    host,
    fadeMs: FADE_MS,
    show() {
      opener = page.activeElement;
      while (opener?.shadowRoot?.activeElement) opener = opener.shadowRoot.activeElement;
      shownAtMs = clock.now();
      host.inert = false;
      open();
      dialog.classList.add('shown');
    },
    resize: (heightPx) => setHeight(frame, heightPx, placement.isScaled ? view.innerHeight : undefined),
    rename: (title) => dialog.setAttribute('aria-label', title),
    hide() {
      dialog.classList.remove('shown');
      if (dialog.open) {
        dialog.close();
        // Browsers give the focus back on their own, where the element that had it was not inside another shadow root.
        (opener as Partial<HTMLElement> | null)?.focus?.({ preventScroll: true });
      }
      host.inert = true;
    },
    remove: () => host.remove(),
  };
}
