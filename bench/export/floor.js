/** What writing alone costs: lines that were made before, in blocks of 64 KiB. */
import { openSync, writeSync } from 'node:fs';

import { answer } from './answer.js';
import { CHANGE_MESSAGE, EXCHANGE_MESSAGE, changeContent, exchangeContent } from './content.js';

const BLOCK_BYTES = 64 * 1024;

const file = openSync(process.env.LOG_FILE, 'a');
const block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
let filled = 0;

answer(
  {
    api: writer({ service_name: 'review_board', ...exchangeContent(), msg: EXCHANGE_MESSAGE }),
    crud: writer({ service_name: 'review_board', ...changeContent(), msg: CHANGE_MESSAGE }),
  },
  writeBlock,
);

function writer(content) {
  const line = `${JSON.stringify({ level: 30, time: Date.now(), ...content })}\n`;
  return () => {
    if (filled + line.length > BLOCK_BYTES) writeBlock();
    filled += block.latin1Write(line, filled);
  };
}

function writeBlock() {
  writeSync(file, block, 0, filled);
  filled = 0;
}
