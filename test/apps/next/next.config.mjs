import path from 'node:path';

export default {
  distDir: 'dist',
  reactStrictMode: true,
  // Packages are installed one folder up, for all apps.
  turbopack: { root: path.resolve(import.meta.dirname, '..') },
  outputFileTracingRoot: path.resolve(import.meta.dirname, '..'),
};
