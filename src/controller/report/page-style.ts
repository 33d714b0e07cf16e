/** How the page of a report looks, in light, in dark and on paper. */
export const pageStyle = `
:root {
  color-scheme: light dark;
  --back: #ffffff; --raised: #f4f5f7; --text: #1c2024; --soft: #5d6570; --rule: #d5d9df; --link: #0b57b0;
  --bad: #b3261e; --bad-back: #fbd9d6; --unknown: #8a5a00; --unknown-back: #ffe7b8;
  --odd: #6b5b00; --odd-back: #fbf5c4; --good: #17663a; --good-back: #dcf2e3; --calm: #2f6fb5; --blind: #7b8794;
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #14171a; --raised: #1e2327; --text: #e6e9ec; --soft: #a3acb5; --rule: #3a4249; --link: #86b9f5;
    --bad: #ff9b93; --bad-back: #5a1f1b; --unknown: #ffc866; --unknown-back: #4d3800;
    --odd: #e9dc7a; --odd-back: #3d3800; --good: #86d8a5; --good-back: #173d27; --calm: #74aef0; --blind: #8b98a5;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1400px; padding: 0 20px 60px; background: var(--back); color: var(--text);
  font: 15px/1.45 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { margin: 0; font-size: 24px; } h2 { margin: 36px 0 10px; font-size: 19px; } h3 { margin: 18px 0 6px; font-size: 16px; }
p { margin: 6px 0; } code { font-family: ui-monospace, monospace; font-size: 13px; }
a, button.link { color: var(--link); }
:focus-visible { outline: 3px solid var(--link); outline-offset: 1px; }
nav { position: sticky; top: 0; z-index: 2; display: flex; flex-wrap: wrap; gap: 4px 18px; padding: 9px 0;
  background: var(--back); border-bottom: 1px solid var(--rule); }
section { scroll-margin-top: 50px; } #history { scroll-margin: 60px 0 20px; }
.verdict { margin: 20px 0 10px; padding: 16px 20px; border-left: 8px solid; background: var(--raised); }
.verdict.pass { border-color: var(--good); } .verdict.fail { border-color: var(--bad); } .verdict.unknown { border-color: var(--unknown); }
.badge { float: right; margin: 0; padding: 2px 16px; border: 2px solid; border-radius: 6px; font-size: 24px; font-weight: 700; }
.pass > .badge { color: var(--good); } .fail > .badge { color: var(--bad); } .unknown > .badge { color: var(--unknown); }
.why { padding-left: 0; list-style: none; } .why li { margin: 5px 0; }
.sums, .links { display: flex; flex-wrap: wrap; gap: 4px 20px; margin: 10px 0 0; padding: 0; list-style: none; }
.sums strong { font-size: 19px; }
ul.sights { margin: 0; padding-left: 16px; }
.note { color: var(--soft); font-size: 13px; } .readout { min-height: 1.5em; }
.tag { display: inline-block; margin-right: 4px; padding: 0 7px; border: 1px solid; border-radius: 4px; font-size: 13px;
  color: var(--odd); background: var(--odd-back); }
.tag:is(.fail, .lost, .vanished, .corrupt, .unexpected, .duplicated) { color: var(--bad); background: var(--bad-back); }
.tag.unknown { color: var(--unknown); background: var(--unknown-back); }
.wide { max-width: 100%; overflow-x: auto; } .tall { max-height: 560px; overflow: auto; }
table { border-collapse: collapse; font-size: 14px; }
caption { padding: 3px 0; text-align: left; color: var(--soft); font-size: 13px; }
th, td { padding: 3px 9px; border-bottom: 1px solid var(--rule); text-align: left; vertical-align: top; overflow-wrap: normal; }
thead th { background: var(--raised); white-space: nowrap; font-weight: 600; } th[title] { text-decoration: underline dotted; }
.tall thead th { position: sticky; top: 0; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.fault { color: var(--bad); } td.blind { color: var(--soft); } time { white-space: nowrap; font-variant-numeric: tabular-nums; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 14px; margin: 6px 0; } dt { color: var(--soft); } dd { margin: 0; }
button, select { padding: 3px 10px; border: 1px solid var(--rule); border-radius: 5px; background: var(--raised); color: inherit; font: inherit; font-size: 14px; }
button { cursor: pointer; } button.link { padding: 0; border: 0; background: none; text-align: left; text-decoration: underline; white-space: nowrap; }
button.link[aria-pressed=true] { font-weight: 700; color: inherit; text-decoration: none; }
.controls { display: flex; flex-wrap: wrap; gap: 6px 10px; align-items: center; }
.standing.bad, .standing.fail, .standing.mismatch { color: var(--bad); background: var(--bad-back); }
.standing.unknown, .standing.inconclusive { color: var(--unknown); background: var(--unknown-back); }
.standing.odd { color: var(--odd); background: var(--odd-back); }
.standing.good, .standing.pass, .standing.confirmed { color: var(--good); background: var(--good-back); }
.matrix td { padding: 1px; border: 0; text-align: center; color: var(--soft); }
.matrix tbody th { position: sticky; left: 0; background: var(--back); white-space: nowrap; }
.matrix td button { width: 100%; min-width: 78px; border-color: transparent; border-radius: 3px; }
.matrix.dense td button { min-width: 26px; padding: 1px 2px; font-size: 11px; } .matrix.dense th { padding: 1px 4px; font-size: 12px; }
.matrix.dense thead span { writing-mode: vertical-rl; transform: rotate(180deg); }
.matrix button[aria-pressed=true] { border-color: currentColor; box-shadow: 0 0 0 1px currentColor; }
.drawing svg { display: block; width: 100%; height: auto; background: var(--raised); touch-action: pan-y; }
svg text { fill: var(--text); font: 11px system-ui, sans-serif; }
.axis line { stroke: var(--rule); } .axis text { fill: var(--soft); }
.limit line { stroke: var(--unknown); stroke-dasharray: 5 4; } .limit text { fill: var(--unknown); }
.dots { fill: none; stroke-width: 5; stroke-linecap: round; stroke-opacity: .6; }
.dots.calm { stroke: var(--calm); } .dots.late { stroke: var(--bad); } .dots.faded { stroke: var(--blind); stroke-opacity: .15; }
.band { fill: var(--bad); fill-opacity: .09; }
.fault rect { fill: var(--bad-back); stroke: var(--bad); } .fault text { fill: var(--bad); }
.fault.mismatch rect, .fault.inconclusive rect { stroke: var(--unknown); stroke-dasharray: 3 2; }
.lane line { stroke: var(--soft); stroke-opacity: .5; }
.blind rect { fill: var(--blind); fill-opacity: .45; } .blind.daemon rect { fill: var(--unknown); }
.line { fill: none; stroke-width: 1; } .line.calm { stroke: var(--calm); stroke-opacity: .55; } .line.late { stroke: var(--odd); }
.line.troubled { stroke: var(--unknown); stroke-width: 1.5; } .line.missing { stroke: var(--bad); stroke-width: 1.5; stroke-dasharray: 6 3; }
.line.chosen { stroke: var(--text); stroke-width: 3; }
.split { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 0 28px; align-items: start; }
a[aria-current] { font-weight: 700; }
@media (max-width: 900px) { .split { grid-template-columns: minmax(0, 1fr); } }
@media print {
  :root { color-scheme: light; --back: #fff; --raised: #fff; --text: #000; --soft: #444; --rule: #bbb; --link: #000;
    --bad: #b3261e; --bad-back: #fbd9d6; --unknown: #8a5a00; --unknown-back: #ffe7b8; --odd: #6b5b00; --odd-back: #fbf5c4;
    --good: #17663a; --good-back: #dcf2e3; --calm: #2f6fb5; --blind: #7b8794; }
  body { max-width: none; padding: 0; font-size: 11px; print-color-adjust: exact; }
  nav, .controls, .list > div > button, #pair button { display: none; }
  .tall { max-height: none; } .wide, .tall { overflow: visible; } .split { display: block; }
  table { font-size: 9px; } thead th { white-space: normal; } th, td { padding: 2px 5px; } h2 { font-size: 15px; } .badge { float: none; display: inline-block; } tr, svg { break-inside: avoid; } .matrix.dense { font-size: 7px; }
}
`;
