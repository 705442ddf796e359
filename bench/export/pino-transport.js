/** With the writing in a thread of its own. */
import pino from 'pino';

import { answerByPino } from './answer-by-pino.js';

const transport = pino.transport({ target: 'pino/file', options: { destination: process.env.LOG_FILE } });
transport.once('ready', () => answerByPino(transport));
