import ts from '@typescript/typescript6';
import type { Plugin } from 'rollup';

/** Rewrites a bundle as ES5: esbuild and terser cannot. The compiler of TypeScript 7 has neither this target nor an API. */
export const toEs5: Plugin = {
  name: 'to-es5',
  renderChunk(code) {
    const { outputText } = ts.transpileModule(code, {
      compilerOptions: { target: ts.ScriptTarget.ES5, removeComments: true },
    });
    // The directive would be that of all scripts of a file into which an optimizer puts this one.
    return outputText.replace(/^"use strict";\s*/, '');
  },
};
