import { Link, Outlet } from 'react-router';
import { Goods } from './goods';

function Shop() {
  return (
    <>
      <nav>
        <Link to="/">Home</Link> <Link to="/boots">Boots</Link> <Link to="/tents">Tents</Link>{' '}
        <Link to="/cart">Cart</Link>
      </nav>
      <Outlet />
    </>
  );
}

export const routes = [
  {
    Component: Shop,
    children: [
      { index: true, Component: Goods },
      { path: ':name', Component: Goods },
    ],
  },
];
