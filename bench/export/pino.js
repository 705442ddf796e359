/** As pino's documentation recommends it for speed. */
import pino from 'pino';

import { answerByPino } from './answer-by-pino.js';

answerByPino(pino.destination({ dest: process.env.LOG_FILE, sync: false, minLength: 4096 }));
