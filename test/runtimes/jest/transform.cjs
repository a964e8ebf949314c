/** What `babel-jest` or `ts-jest` do for an application that Jest runs as CommonJS. */
const { transformSync } = require('esbuild');

module.exports = {
  process: (code, sourcefile) => ({
    code: transformSync(code, {
      sourcefile,
      format: 'cjs',
      target: 'node20',
      supported: { 'dynamic-import': false },
    }).code,
  }),
};
