import { Buy } from '../buy';

const titleOf = ([name = 'home'] = []) => name.charAt(0).toUpperCase() + name.slice(1);

export async function generateMetadata({ params }) {
  return { title: titleOf((await params).name) };
}

export default async function Goods({ params }) {
  const title = titleOf((await params).name);
  return (
    <main>
      <h1>{title}</h1>
      <Buy name={title} />
    </main>
  );
}
