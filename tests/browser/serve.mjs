// A page's own server: files of a folder, and the API behind the same origin.
import { readFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { extname, join, normalize } from 'node:path';

const TYPES = {
  '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript', '.wasm': 'application/wasm', '.css': 'text/css',
};

/** Listens on a port of 127.0.0.1; what begins with /v1/ goes to `api`, all else is a file below `folder()`. */
export function serve({ port, folder, api }) {
  const server = createServer(async (incoming, answer) => {
    const { pathname } = new URL(incoming.url, 'http://localhost');
    if (pathname.startsWith('/v1/')) {
      const { method, headers } = incoming;
      const passed = request(new URL(incoming.url, api), { method, headers }, (found) => {
        answer.writeHead(found.statusCode, found.headers);
        found.pipe(answer);
      });
      passed.on('error', () => answer.destroy());
      answer.on('close', () => passed.destroy());
      incoming.pipe(passed);
      return;
    }
    const file = join(folder(), normalize(pathname.endsWith('/') ? `${pathname}index.html` : pathname));
    try {
      const bytes = await readFile(file);
      answer.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' }).end(bytes);
    } catch {
      answer.writeHead(404).end();
    }
  });
  return new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(server)));
}
