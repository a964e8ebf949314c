import { fileURLToPath } from 'node:url';

/** The path of this folder, with a slash at its end. */
export const FOLDER: string = fileURLToPath(new URL('.', import.meta.url));
