import { fileURLToPath } from 'node:url';

/** Where this is, with a slash at its end. */
export const FOLDER: string = fileURLToPath(new URL('.', import.meta.url));
