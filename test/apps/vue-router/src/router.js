import { createRouter, createWebHistory } from 'vue-router';

export const router = createRouter({
  history: createWebHistory(),
  routes: [{ path: '/:name?', component: () => import('./Goods.vue') }],
});

router.afterEach(({ params: { name } }) => {
  const title = String(name || 'home');
  document.title = title.charAt(0).toUpperCase() + title.slice(1);
});
