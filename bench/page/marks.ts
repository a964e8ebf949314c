/** Marks the task that is measured in the browser's trace. */
export const MEASURED_MARK = 'bench: measured';
