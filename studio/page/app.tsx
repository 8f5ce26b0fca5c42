import { connected, locked } from './data/client.ts';
import { route } from './data/route.ts';
import { Notice } from './parts/notice.tsx';
import { CompareScreen } from './screens/compare-screen.tsx';
import { ResultScreen } from './screens/result-screen.tsx';
import { RunScreen } from './screens/run-screen.tsx';
import { RunsScreen } from './screens/runs-screen.tsx';
import { TokenScreen } from './screens/token-screen.tsx';

/** The page: a head, and the screen that its address names. */
export function App() {
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header>
        <a href="/" class="brand">
          TextCraftor <span>studio</span>
        </a>
        <nav aria-label="Screens">
          <a href="/" aria-current={route.value.screen === 'runs' ? 'page' : undefined}>
            Runs
          </a>
        </nav>
      </header>
      <main id="main" tabIndex={-1}>
        {!connected.value && (
          <Notice tone="bad">
            The studio does not answer; this is the last it said. If it was ended: <code>textcraftor studio</code>
          </Notice>
        )}
        {locked.value ? <TokenScreen /> : <Screen />}
      </main>
    </>
  );
}

function Screen() {
  const at = route.value;
  switch (at.screen) {
    case 'runs':
      return <RunsScreen />;
    case 'run':
      return <RunScreen key={at.run} id={at.run} />;
    case 'result':
      return <ResultScreen key={at.run} id={at.run} />;
    case 'compare':
      return <CompareScreen key={at.runs.join()} ids={at.runs} />;
    case 'unknown':
      return (
        <Notice>
          There is nothing at this address. <a href="/">All runs</a>
        </Notice>
      );
  }
}
