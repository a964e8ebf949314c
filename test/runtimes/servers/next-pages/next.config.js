export default {
  trailingSlash: true,
  skipTrailingSlashRedirect: true, // POST /e/v1/batch would be answered 308
  serverExternalPackages: ['cio-first-party'], // so that it finds cio.js beside itself
  rewrites: async () => [{ source: '/e/:path*', destination: '/api/e/:path*' }],
};
