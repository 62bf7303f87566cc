// The server side of tus, as its own README sets it up: node tus-server.mjs PORT FOLDER

import http from 'node:http';
import { FileStore } from '@tus/file-store';
import { Server } from '@tus/server';

const [port, directory] = process.argv.slice(2);
const tus = new Server({ path: '/files', datastore: new FileStore({ directory }), relativeLocation: true });
let refusing = false;
http.createServer((request, response) => {
  // The bench's own switch for the row with an outage.
  const order = /^\/outage\/(on|off)$/.exec(request.url);
  if (order) {
    refusing = order[1] === 'on';
    return response.end();
  }
  if (refusing && request.method !== 'OPTIONS') {
    request.resume().on('end', () => {
      response.writeHead(503, { 'Access-Control-Allow-Origin': '*' }).end();
    });
    return;
  }
  tus.handle(request, response);
}).listen(Number(port), '127.0.0.1');
