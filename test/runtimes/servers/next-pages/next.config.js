export default {
  trailingSlash: true,
  skipTrailingSlashRedirect: true, // without this option, Next responds 308 to POST /e/v1/batch
  serverExternalPackages: ['cio-first-party'], // so that the package finds cio.js in its own folder
  rewrites: async () => [{ source: '/e/:path*', destination: '/api/e/:path*' }],
};
