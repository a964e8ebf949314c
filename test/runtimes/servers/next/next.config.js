export default {
  serverExternalPackages: ['cio-first-party'], // so that the package finds cio.js in its own folder
};
