/** An application's start: Express and Sequelize are loaded, a request is answered from the database, and that was it. */
import './tell-usage-at-exit.cjs';

import { once } from 'node:events';
import http from 'node:http';

import express from 'express';
import { DataTypes, Sequelize } from 'sequelize';

import { sqlite } from '../../examples/sqlite.js';

const sequelize = new Sequelize({ dialect: 'sqlite', storage: ':memory:', dialectModule: sqlite, logging: false });
const Note = sequelize.define('Note', { text: DataTypes.STRING });
await sequelize.sync();

const app = express();
app.use(express.json());
// oxlint-disable-next-line oxc/no-async-endpoint-handlers -- Express 5 takes them
app.post('/notes', async (request, response) => {
  const { id } = await Note.create({ text: request.body.text });
  response.json(await Note.findByPk(id));
});
const server = app.listen(0, '127.0.0.1');
await once(server, 'listening');

const headers = { 'content-type': 'application/json' };
const { port } = server.address();
const request = http.request({ port, path: '/notes', method: 'POST', headers, agent: false });
request.end('{"text":"hello"}');
const [response] = await once(request, 'response');
if (response.statusCode !== 200) throw new Error(`The request was answered with ${response.statusCode}`);
response.resume();
await once(response, 'end');
server.close();
await sequelize.close();
