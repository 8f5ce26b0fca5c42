/** A screen and what it shows. */
export type Route =
  | { screen: 'runs' }
  | { screen: 'run'; run: string }
  | { screen: 'result'; run: string }
  | { screen: 'compare'; runs: string[] }
  | { screen: 'studies' }
  | { screen: 'study'; study: string }
  | { screen: 'vote'; study: string }
  | { screen: 'unknown' };

/** Reads the screen of an address. */
export function routeOf({ pathname, searchParams }: URL): Route {
  const [, first = '', id = '', last = '', ...more] = pathname.split('/').map(decode);
  if (more.length > 0) return { screen: 'unknown' };
  switch (first) {
    case '':
      return id === '' ? { screen: 'runs' } : { screen: 'unknown' };
    case 'compare':
      return id === '' ? { screen: 'compare', runs: searchParams.getAll('run') } : { screen: 'unknown' };
    case 'runs':
      if (id !== '' && last === '') return { screen: 'run', run: id };
      return id !== '' && last === 'result' ? { screen: 'result', run: id } : { screen: 'unknown' };
    case 'studies':
      if (id === '') return { screen: 'studies' };
      if (last === '') return { screen: 'study', study: id };
      return last === 'vote' ? { screen: 'vote', study: id } : { screen: 'unknown' };
    default:
      return { screen: 'unknown' };
  }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

const part = encodeURIComponent;

/** The addresses of screens; below `/api` the same ones answer with what the screens show. */
export const addressOf = {
  run: (run: string) => `/runs/${part(run)}`,
  result: (run: string) => `/runs/${part(run)}/result`,
  picture: (run: string, index: number, arm: string) => `/api/runs/${part(run)}/pictures/${index}/${part(arm)}`,
  compare: (runs: readonly string[]) => `/compare?${runs.map((run) => `run=${part(run)}`).join('&')}`,
  studies: '/studies',
  study: (study: string) => `/studies/${part(study)}`,
  vote: (study: string, rater: string) => `/studies/${part(study)}/vote?rater=${part(rater)}`,
};
