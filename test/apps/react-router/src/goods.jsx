import { useEffect } from 'react';
import { useParams } from 'react-router';
import { analytics } from './analytics';

export function Goods() {
  const { name = 'home' } = useParams();
  const title = name.charAt(0).toUpperCase() + name.slice(1);
  // StrictMode mounts twice, and the tests look whether it did.
  useEffect(() => {
    document.body.dataset.mounts = String(1 + Number(document.body.dataset.mounts ?? 0));
  }, []);
  return (
    <main>
      <title>{title}</title>
      <h1>{title}</h1>
      <button onClick={() => analytics.track('Bought', { name })}>Buy</button>
    </main>
  );
}
