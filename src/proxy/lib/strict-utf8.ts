/** Takes nothing but UTF-8, and leaves a byte order mark where it is. @throws TypeError */
export const strictUtf8: TextDecoder = /*#__PURE__*/ new TextDecoder('utf-8', {
  fatal: true,
  ignoreBOM: true,
});
