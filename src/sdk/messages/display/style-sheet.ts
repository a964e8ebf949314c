/**
 * The styles of all surfaces. Until a message is shown it is transparent, and not hidden: its document is laid out, so that it can
 * measure itself. The height of one pixel has a reason too: browsers draw frames without any area seldom or never.
 * A frame whose colour scheme differs from its document's gets an opaque background, so a dark page must not hand its own down:
 * https://drafts.csswg.org/css-color-adjust-1/#color-scheme-effect
 * The important rule of the host wins over the page's own rules for it.
 */
const STYLES = `
:host(cio-message){all:initial!important}
iframe{display:block;border:0;width:100%;height:1px;max-height:100vh;max-height:100dvh;background:none;color-scheme:light}
dialog,.box,.inline{opacity:0;pointer-events:none;transition:opacity .3s}
dialog.shown,.box.shown,.inline.shown{opacity:1;pointer-events:auto}
.shown iframe{transition:height .1s}
dialog{position:fixed;z-index:1000000;inset:0;box-sizing:border-box;width:100%;height:100%;max-width:none;max-height:none;margin:0;border:0;padding:0;outline:0;overflow:hidden;display:flex;flex-direction:column;align-items:center;justify-content:center}
dialog::backdrop{background:none}
dialog.top{justify-content:flex-start}
dialog.bottom{justify-content:flex-end}
dialog iframe{flex:none;width:min(var(--width),100%)}
.box{position:fixed;z-index:1000000;left:0;right:0;margin:0 auto;width:min(var(--width),100%)}
.tip{right:auto;margin:0}
.arrow{position:absolute;width:12px;height:12px;margin:-6px;transform:rotate(45deg);z-index:-1}
.inline{margin-bottom:-1px}
.inline.shown{margin-bottom:0}
.inline.free{max-height:none}
@media (max-width:600px){dialog iframe,.box:not(.tip){width:100%}}
@media (prefers-reduced-motion:reduce){dialog,.box,.inline,.shown iframe{transition:none}}
`;

export function createStyles(Sheet: typeof CSSStyleSheet): CSSStyleSheet {
  const sheet = new Sheet();
  sheet.replaceSync(STYLES);
  return sheet;
}
