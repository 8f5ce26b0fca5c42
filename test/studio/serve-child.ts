/** A studio in a process of its own, to be killed: serve-child.ts HOME PAGE PORT; prints its address. */
import { Home } from '../../pipeline/runs/home.ts';
import { serveStudio } from '../../studio/server/serve-studio.ts';

const [, , home = '', page = '', port = '0'] = process.argv;
const { url } = await serveStudio({ home: new Home(home), page, host: '127.0.0.1', port: Number(port) });
console.log(url);
