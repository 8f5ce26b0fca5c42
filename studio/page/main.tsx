import 'uplot/dist/uPlot.min.css';
import './studio.css';
import { render } from 'preact';
import { App } from './app.tsx';
import { listenToAddresses } from './data/route.ts';
import { enterWithToken } from './data/client.ts';

listenToAddresses();
await enterWithToken();
render(<App />, document.querySelector('#studio')!);
