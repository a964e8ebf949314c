export default {
  serverExternalPackages: ['cio-first-party'], // so that it finds cio.js beside itself
};
