/** A decoder of UTF-8 that throws a TypeError at any other byte, and keeps a byte order mark. */
export const strictUtf8: TextDecoder = /*#__PURE__*/ new TextDecoder('utf-8', {
  fatal: true,
  ignoreBOM: true,
});
