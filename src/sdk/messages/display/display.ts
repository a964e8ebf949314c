/** Draws in-app messages: which are in the page, which place is free, and what happens to each. */
import { pageDocument, pageUrl } from '../../browser.ts';
import type { Display, DisplayMessage, DisplayNeeds, DisplayReport } from './contract.ts';
import type { FrameMessage } from './frame-protocol.ts';
import { openInline } from './inline.ts';
import { createMessageFrame } from './message-frame.ts';
import { openModal } from './modal.ts';
import { openOverlay } from './overlay.ts';
import { afterInLife, findElement, onPageChange } from './page-elements.ts';
import { type Placement, placementOf } from './placement.ts';
import type { openTooltip } from './tooltip.ts';
import { createStyles } from './style-sheet.ts';
import { prefersLessMotion, type PageWindow, type Surface } from './surface.ts';
import { tapActionOf } from './tap-action.ts';

/** A frame that has not said `routeLoaded` this long after its insertion never will: blocked, offline, or no renderer. */
const LOAD_TIMEOUT_MS = 5_000;
/** How long a message waits for its element. Each change of the page in this time costs a search. */
const ELEMENT_WAIT_MS = 30_000;
/** The frame tells its size after `routeLoaded`: the vendor's time until it is made visible. */
const SHOW_DELAY_MS = 100;

/** A message that has a place. */
interface PlacedMessage {
  readonly instanceId: string;
  readonly placement: Placement;
  readonly life: AbortController;
  /** Missing while the message waits for its element. */
  surface?: Surface;
}

/**
 * Makes the display of a page. Nothing is in the page before the first message.
 *
 * @example
 * const display = createDisplay({
 *   frameUrl: '/e/v1/frame/index.html',
 *   clock,
 *   colorScheme: 'default',
 *   ending: closing.signal,
 *   customAttributes: () => ({ cio_anonymous_id: 'a1' }),
 *   report: ({ type, instanceId }) => console.log(type, instanceId),
 * });
 * display.show({ instanceId: 'i1', messageId: 'gist-html-1', properties: { gist: { position: 'top' } } });
 */
export function createDisplay(needs: DisplayNeeds): Display {
  const { clock, ending } = needs;
  const page = pageDocument();
  const placed = new Map<string, PlacedMessage>();
  /** Surfaces that fade out, each with what ends its timer. */
  const fading = new Map<Surface, () => void>();
  let styles: CSSStyleSheet | undefined;
  /** Loaded with the first tooltip. */
  let tooltips: { readonly create: typeof openTooltip } | undefined;

  const isTaken = (slot: string): boolean =>
    Array.from(placed.values()).some(({ placement }) => placement.slot === slot);

  /** Takes the message out of the page, with all that listens for it. From now on its place is free. */
  function remove(message: PlacedMessage, view: PageWindow | null): void {
    const { instanceId, life, surface } = message;
    placed.delete(instanceId);
    life.abort();
    if (!surface) return;
    surface.hide();
    if (view && surface.fadeMs && !prefersLessMotion(view))
      fading.set(
        surface,
        clock.after(surface.fadeMs, () => {
          fading.delete(surface);
          surface.remove();
        }),
      );
    else surface.remove();
  }

  /** Removes the message, and reports why. */
  function end(message: PlacedMessage, report: DisplayReport): void {
    if (placed.get(message.instanceId) !== message) return;
    remove(message, report.type === 'dismissed' ? page.defaultView : null);
    needs.report(report);
  }

  function removeAll(): void {
    for (const message of [...placed.values()]) remove(message, null);
    for (const [surface, cancel] of fading) {
      cancel();
      surface.remove();
    }
    fading.clear();
  }

  function tap(message: PlacedMessage, view: PageWindow, said: FrameMessage & { method: 'tapped' }): void {
    const { instanceId, placement } = message;
    const { action, name, isSystem } = said;
    const todo = tapActionOf(action, pageUrl());
    needs.report({ type: 'action', instanceId, action, name });
    const dismissed = { type: 'dismissed', instanceId } as const;
    if (todo?.kind === 'snooze' && placement.isPersistent)
      end(message, { ...dismissed, snoozeMinutes: todo.minutes });
    else if (todo?.kind === 'close' || todo?.kind === 'snooze' || (isSystem && !placement.isPersistent))
      end(message, dismissed);
    if (todo?.kind === 'load') view.location.assign(todo.url);
    if (todo?.kind === 'message') needs.showMessage?.(todo.messageId, todo.properties);
  }

  /** Puts the message into the page, `element` being where it is shown or what it points at. */
  function open(message: DisplayMessage, own: PlacedMessage, view: PageWindow, element?: Element): void {
    const { instanceId, placement, life } = own;
    const dismiss = (): void => end(own, { type: 'dismissed', instanceId });
    const fail = (): void => end(own, { type: 'error', instanceId });
    const loading = new AbortController();
    life.signal.addEventListener('abort', () => loading.abort(), { once: true });

    function makeVisible(): void {
      try {
        own.surface?.show();
      } catch {
        // Firefox before 98 has no modal dialog.
        return fail();
      }
      needs.report({ type: 'shown', instanceId });
    }

    const frame = createMessageFrame(page, view, needs, message, life.signal, (said) => {
      switch (said.method) {
        case 'loaded':
          if (loading.signal.aborted) return;
          loading.abort();
          return afterInLife(clock, life.signal, SHOW_DELAY_MS, makeVisible);
        case 'failed':
          return fail();
        case 'resized':
          return own.surface?.resize(said.heightPx);
        case 'renamed':
          frame.title = said.title;
          return own.surface?.rename(said.title);
        case 'tapped':
          return tap(own, view, said);
        case 'dispatched':
          return needs.report({ type: 'event', instanceId, name: said.name, payload: said.payload });
        default:
          return said satisfies never;
      }
    });
    styles ??= createStyles(view.CSSStyleSheet);
    const stage = { page, view, clock, styles, frame, life: life.signal, dismiss };
    const surface =
      placement.kind === 'modal'
        ? openModal(stage, placement)
        : placement.kind === 'overlay'
          ? openOverlay(stage, placement)
          : placement.kind === 'inline'
            ? openInline(stage, element ?? page.documentElement)
            : tooltips?.create(stage, placement, element ?? page.documentElement);
    if (!surface) return fail();
    own.surface = surface;
    afterInLife(clock, loading.signal, LOAD_TIMEOUT_MS, fail);
  }

  /** Opens the message as soon as the page has its element, and ends it when that goes. */
  function place(message: DisplayMessage, own: PlacedMessage, view: PageWindow): void {
    const { instanceId, placement, life } = own;
    const gone = (): void => end(own, { type: 'gone', instanceId });
    const waiting = new AbortController();
    let element: Element | undefined;
    life.signal.addEventListener('abort', () => waiting.abort(), { once: true });

    function look(): void {
      if (own.surface) {
        if (!own.surface.host.isConnected || element?.isConnected === false) gone();
        return;
      }
      if ('elementId' in placement) {
        element = findElement(page, placement.elementId);
        // Two selectors may mean the same element: the later message waits, as if there was none.
        if (!element || (placement.kind === 'inline' && isOccupied(element))) return;
      }
      if (placement.kind === 'tooltip' && !tooltips) {
        import('./tooltip.ts').then(
          (loaded) => {
            tooltips = loaded;
            if (!life.signal.aborted) look();
          },
          () => end(own, { type: 'error', instanceId }),
        );
        return;
      }
      waiting.abort();
      open(message, own, view, element);
    }

    look();
    onPageChange(page, view, life.signal, look);
    if (!own.surface) afterInLife(clock, waiting.signal, ELEMENT_WAIT_MS, gone);
  }

  const isOccupied = (element: Element): boolean =>
    Array.from(placed.values()).some(({ surface }) => surface?.host === element);

  ending.addEventListener('abort', removeAll, { once: true });

  return {
    show(message) {
      const { instanceId, properties } = message;
      const view = page.defaultView;
      const placement = placementOf(properties);
      if (ending.aborted || !view || placed.has(instanceId) || isTaken(placement.slot)) return false;
      const own: PlacedMessage = { instanceId, placement, life: new AbortController() };
      placed.set(instanceId, own);
      try {
        place(message, own, view);
      } catch {
        // Firefox before 101 has no constructed style sheets.
        remove(own, null);
      }
      return placed.has(instanceId);
    },
    dismiss(instanceId) {
      const message = placed.get(instanceId);
      if (message) end(message, { type: 'dismissed', instanceId });
    },
    removeAll,
    isFree: (properties) => !isTaken(placementOf(properties).slot),
  };
}

/** The SDK imports this file by this name. All lazy files share it, because a repeated name costs few bytes. */
export { createDisplay as create };
