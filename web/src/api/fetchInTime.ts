/** Longer than the edge and the services let a request take: then nobody will answer any more. */
const LONGEST_MS = 15_000;

/** `fetch` that fails once nobody can be expected to answer, or to go on with an answer. */
export async function fetchInTime(request: Request): Promise<Response> {
  const signal = AbortSignal.any([request.signal, AbortSignal.timeout(LONGEST_MS)]);
  return await fetch(request, { signal });
}
