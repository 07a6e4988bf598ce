#!/usr/bin/env node
import { main } from './cli/main.ts';
import { processIo } from './cli/processIo.ts';

const { io, end } = processIo();
main(process.argv.slice(2), io).then(end, (error: unknown) => {
  io.say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  end(2);
});
