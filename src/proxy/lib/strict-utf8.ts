/** A decoder of UTF-8 that throws a TypeError where the bytes are not UTF-8, and keeps a byte order mark. */
export const strictUtf8: TextDecoder = /*#__PURE__*/ new TextDecoder('utf-8', {
  fatal: true,
  ignoreBOM: true,
});
