/** To be preloaded: all that `@opentelemetry/auto-instrumentations-node/register` instruments, for traces alone. */
import { createRequire } from 'node:module';

import { traceToNowhere } from '../support/trace-to-nowhere.js';

const require = createRequire(process.env.PEERS);
const { getNodeAutoInstrumentations } = require('@opentelemetry/auto-instrumentations-node');

traceToNowhere(getNodeAutoInstrumentations());
