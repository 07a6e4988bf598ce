import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ImageCache } from '../../cache/index.ts';
import { parseQuery } from '../query.ts';
import { requesterSignal } from '../requesterSignal.ts';
import { sendProblem } from '../respond.ts';
import { type ImageQuery, PARAMETERS } from '../routes/image.ts';
import type { Door } from './door.ts';
import { simulatedError } from './simulatedError.ts';
import { markAnswer, sendHalf, simulatedHeaders } from './simulatedResponse.ts';

type AnswerImage = (request: IncomingMessage, response: ServerResponse) => Promise<void> | undefined;

/** Puts the door in front of the image route. Without a simulation, it is one comparison. */
export function createImageDoor(door: Door, cache: ImageCache, answerImage: AnswerImage): AnswerImage {
  async function answerSimulated(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url = '', path, actor_id: actorId } = namedIn(request);
    const image = path !== undefined ? { path } : { url };
    const fate = await door.pass({ request, kind: 'image', image, actorId, signal: requesterSignal(response) });
    if (fate.is === 'left') return;
    if (fate.is === 'late') markAnswer(request, response, fate);
    if (fate.is === 'usual' || fate.is === 'late') return answerImage(request, response);
    const { how } = fate;
    const body = fate.is === 'cut' ? await cache.insight.original(fate.entry) : undefined;
    if (fate.is === 'cut' && body !== undefined) return sendHalf(request, response, { how, entry: fate.entry, body });
    for (const [name, value] of Object.entries(simulatedHeaders(how))) response.setHeader(name, value);
    sendProblem(request, response, fate.is === 'failed' ? fate.error : simulatedError('UPSTREAM_TRUNCATED'));
  }

  return function answerAtDoor(request, response) {
    return door.isOn ? answerSimulated(request, response) : answerImage(request, response);
  };
}

/** The image that a request names. What is wrong with the query, the image route says. */
function namedIn({ url = '' }: IncomingMessage): ImageQuery {
  try {
    return parseQuery(url, PARAMETERS);
  } catch {
    return {};
  }
}
