export { createJudges } from './persons.ts';
export { createSigner } from './token-signer.ts';
export { createVerifier } from './token-verifier.ts';
