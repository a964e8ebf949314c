export default { kit: { outDir: 'dist' } };
