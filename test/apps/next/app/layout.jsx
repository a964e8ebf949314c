import Link from 'next/link';

export default function Layout({ children }) {
  return (
    <html lang="en">
      <head>
        <link rel="icon" href="data:," />
      </head>
      <body>
        <nav>
          <Link href="/">Home</Link> <Link href="/boots">Boots</Link> <Link href="/tents">Tents</Link>{' '}
          <Link href="/cart">Cart</Link>
        </nav>
        {children}
      </body>
    </html>
  );
}
