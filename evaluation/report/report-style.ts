/** The report's style sheet: light or dark by the reader's setting. */
export const style = `
:root { color-scheme: light dark; --page: #fbfbfa; --card: #ffffff; --ink: #16181d; --quiet: #5d6470; --line: #e2e3e6; --accent: #2563c9; --good: #0f7b4d; --bad: #b3372f; --neutral: #6b6f78; }
@media (prefers-color-scheme: dark) { :root { --page: #14161a; --card: #1c1f25; --ink: #eceef2; --quiet: #a0a7b4; --line: #30343d; --accent: #78a9ff; --good: #58c893; --bad: #ff8d83; --neutral: #a0a7b4; } }
* { box-sizing: border-box; }
body { overflow-wrap: anywhere; margin: 0 auto; max-width: 72rem; padding: 2.5rem 1.25rem 5rem; background: var(--page); color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
header { border-bottom: 1px solid var(--line); padding-bottom: 1rem; }
h1 { font-size: 2rem; line-height: 1.15; margin: 0; letter-spacing: -0.02em; text-wrap: balance; }
h2 { font-size: 1.3rem; margin: 3rem 0 .5rem; letter-spacing: -0.01em; }
h3 { font-size: .95rem; margin: 0 0 .25rem; }
p { margin: .25rem 0 1rem; max-width: 62ch; }
small, .quiet { color: var(--quiet); font-weight: 400; font-size: .82rem; }
.lead { font-size: 1.1rem; }
.meta { color: var(--quiet); margin: 0; max-width: none; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(12rem, 1fr)); gap: .9rem; }
.card small { display: block; }
.card, .pairs article, .chart { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1rem; }
.card p { margin: 0 0 .35rem; }
.big { overflow-wrap: normal; flex-wrap: wrap; font-size: 1.55rem; font-weight: 650; font-variant-numeric: tabular-nums; display: flex; align-items: baseline; justify-content: space-between; gap: .5rem; }
.badge { font-size: .78rem; font-weight: 600; white-space: nowrap; }
.badge.better, .up { color: var(--good); } .badge.worse, .down { color: var(--bad); } .badge.undecided { color: var(--neutral); }
figure { margin: 0; }
img { display: block; width: 100%; height: auto; border-radius: 6px; background: var(--line); }
.rows { width: 100%; max-width: calc(var(--columns) * 13rem); table-layout: fixed; } .rows th, .rows td { padding: .2rem .25rem; white-space: normal; vertical-align: bottom; } .rows tbody { border: 0; } .rows th[scope=rowgroup] { font-weight: 500; padding-top: .7rem; }
.slider { position: sticky; top: 0; z-index: 1; display: flex; align-items: center; gap: .75rem; padding: .75rem 0; background: var(--page); }
.slider input { flex: 1; min-width: 0; max-width: 28rem; accent-color: var(--accent); height: 1.75rem; }
.slider span, .slider output { white-space: nowrap; }
.slider output { font-variant-numeric: tabular-nums; font-weight: 600; }
.gallery { display: grid; grid-template-columns: repeat(auto-fill, minmax(8.2rem, 1fr)); gap: 1rem .9rem; }
.gallery figcaption { font-size: .82rem; color: var(--quiet); margin-top: .3rem; line-height: 1.35; }
.blends img { display: none; }
${[0, 1, 2, 3, 4].map((i) => `.blends[data-at="${i}"] img[data-at="${i}"]`).join(', ')} { display: block; }
.pairs { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 27rem), 1fr)); gap: .9rem; }
.pairs h3 { font-weight: 500; margin-bottom: .6rem; }
.pairs table { width: 100%; table-layout: fixed; font-size: .78rem; } .pairs tbody { border: 0; }
.pairs th, .pairs td { padding: .1rem .3rem; text-align: right; font-variant-numeric: tabular-nums; }
.pairs thead th { color: inherit; font-weight: 600; border: 0; padding-bottom: .3rem; text-align: left; } .pairs thead img { margin-bottom: .3rem; }
.pairs thead td { width: 7.2rem; } .pairs tbody th { color: var(--quiet); text-align: left; padding-left: 0; overflow: hidden; text-overflow: ellipsis; }
.pairs span { font-size: .85em; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: .9rem; }
th, td { padding: .35rem .7rem; text-align: left; vertical-align: middle; white-space: nowrap; font-weight: 400; }
thead th { color: var(--quiet); font-size: .8rem; border-bottom: 1px solid var(--line); }
tbody { border-bottom: 1px solid var(--line); } tbody th[scope=rowgroup] { font-weight: 600; vertical-align: top; }
.n { text-align: right; font-variant-numeric: tabular-nums; }
.heat { background: color-mix(in srgb, var(--accent) var(--strength), transparent); } .heat.chosen { outline: 2px solid var(--accent); outline-offset: -2px; }
.bar { display: block; height: .6rem; width: var(--share); min-width: 1px; background: var(--accent); border-radius: 3px; } td:has(> .bar) { width: 16rem; min-width: 8rem; }
.dropped .bar { background: var(--neutral); } .part th { color: var(--quiet); }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(16.5rem, 1fr)); gap: .9rem; }
.chart { padding: .75rem .5rem .4rem; } .chart figcaption { font-size: .88rem; font-weight: 600; padding-left: .5rem; }
svg { display: block; width: 100%; height: auto; } svg.interval { width: 10rem; max-width: 100%; }
.grid { stroke: var(--line); } .zero { stroke: var(--quiet); stroke-dasharray: 2 3; } .tick { fill: var(--quiet); font-size: 10px; font-variant-numeric: tabular-nums; }
.column { fill: var(--accent); } .column:hover { fill: var(--ink); } .prompt-charts { margin: 1.25rem 0; } .subhead { margin-top: 1.25rem; }
.raw { fill: none; stroke: var(--accent); stroke-opacity: .22; } .line { fill: none; stroke: var(--accent); stroke-width: 2; stroke-linejoin: round; }
.whisker { stroke: var(--accent); stroke-width: 2; stroke-linecap: round; } .dot { fill: var(--accent); stroke: var(--card); stroke-width: 1.5; }
.mixes { width: 100%; table-layout: fixed; } .mixes th, .mixes td { padding: .3rem .35rem; white-space: normal; vertical-align: top; } .mixes small { display: block; } .mixes th[scope=rowgroup] { padding-top: .8rem; }
.sliders { width: 100%; max-width: calc(3.5rem + var(--columns) * 7.5rem); table-layout: fixed; margin-bottom: 1.5rem; } .sliders caption { text-align: left; padding-bottom: .3rem; } .sliders tbody { border: 0; }
.sliders th, .sliders td { padding: .12rem; white-space: normal; text-align: center; font-size: .78rem; font-variant-numeric: tabular-nums; border: 0; } .sliders .corner { width: 3.5rem; text-align: left; color: var(--quiet); }
details { margin: .5rem 0; } summary { cursor: pointer; color: var(--accent); } li { font-size: .88rem; }
pre { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 1rem; overflow-x: auto; font-size: .82rem; }
code { font-size: .85em; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
`;
