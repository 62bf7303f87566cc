import react from '@vitejs/plugin-react';
import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [react(), vue()],
  // Vite's development server must not bundle the package, for its Worker lies beside it.
  optimizeDeps: { exclude: ['@sealmark/web-client'] },
});
