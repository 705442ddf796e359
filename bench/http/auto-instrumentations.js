/** To be preloaded: what `@opentelemetry/auto-instrumentations-node/register` starts, with its spans dropped. */
import { createRequire } from 'node:module';

import { traceToNowhere } from './trace-to-nowhere.js';

const require = createRequire(process.env.PEERS);
const { getNodeAutoInstrumentations } = require('@opentelemetry/auto-instrumentations-node');

traceToNowhere(getNodeAutoInstrumentations());
