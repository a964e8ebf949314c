export { createAuthorizers } from './authorize-events.ts';
export { createSigner } from './token-signer.ts';
export { createVerifier } from './token-verifier.ts';
