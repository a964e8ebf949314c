'use client';

import { useEffect } from 'react';
import { analytics } from '../lib/analytics';

export function Buy({ name }) {
  // StrictMode mounts twice, and the tests look whether it did.
  useEffect(() => {
    document.body.dataset.mounts = String(1 + Number(document.body.dataset.mounts ?? 0));
  }, []);
  return <button onClick={() => analytics.track('Bought', { name })}>Buy</button>;
}
