/** The application with morgan, which writes a line of Apache's `combined` format to a file: no body, no user. */
import { createWriteStream } from 'node:fs';
import { createRequire } from 'node:module';

import { serve } from './serve.js';

const require = createRequire(process.env.PEERS);
const morgan = require('morgan');

await serve(morgan('combined', { stream: createWriteStream(process.env.LOG_FILE, { flags: 'a' }) }));
