/** How pictures look, but for what each lays out itself. */

/**
 * The style sheet of a picture, for a `style` element in it.
 *
 * @returns {string}
 */
export function styleText() {
  return STYLE;
}

const STYLE = `
.dropviz-scene {
  color: var(--dropviz-ink);
  background: var(--dropviz-ground);
  font-family: system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
  line-height: 1.4;
  text-align: left;
  padding: .5em .6em;
  border-radius: 6px;
  overflow-wrap: anywhere;
}
.dropviz-scene *, .dropviz-scene *::before { box-sizing: border-box; }
.dropviz-title { font-size: 1.2em; font-weight: 700; }
.dropviz-muted { color: var(--dropviz-muted); }
.dropviz-math, .dropviz-scene i {
  font-family: "STIX Two Text", "Cambria", "DejaVu Serif", Georgia, serif; font-style: italic;
}
.dropviz-scene sub, .dropviz-scene sup { font-size: max(.8em, 14px); line-height: 0; }
.dropviz-code { font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }
.dropviz-scene svg { display: block; overflow: visible; fill: currentColor; }
.dropviz-scene svg.dropviz-sign { display: inline-block; vertical-align: -.2em; }
.dropviz-stage > svg { width: 100%; height: auto; }
.dropviz-item { outline: none; cursor: pointer; }
.dropviz-halo { fill: none; stroke: none; pointer-events: all; rx: 6px; }
.dropviz-item[data-open] > .dropviz-halo { fill: var(--dropviz-ink); fill-opacity: .08; }
.dropviz-item:focus-visible > .dropviz-halo { stroke: var(--dropviz-ink); stroke-width: 2px; }
div.dropviz-item { border-radius: 4px; outline-offset: 4px; }
div.dropviz-item[data-open] { outline: 1px solid var(--dropviz-faint); }
div.dropviz-item:focus-visible { outline: 2px solid var(--dropviz-ink); }
@media (prefers-reduced-motion: no-preference) {
  .dropviz-halo { transition: fill-opacity .12s; }
}
.dropviz-key, .dropviz-legend {
  display: flex; flex-wrap: wrap; gap: .1em 1.3em; align-items: center;
}
.dropviz-legend { color: var(--dropviz-muted); margin-top: .4em; }
.dropviz-legend > span > svg { margin-right: .45em; }
.dropviz-card {
  margin-top: .5em; padding: .5em .7em; border-radius: 6px;
  background: var(--dropviz-paper); border: 1px solid var(--dropviz-faint);
}
.dropviz-card p { margin: 0 0 .3em; }
.dropviz-card p:last-child { margin: 0; }
.dropviz-badge {
  display: inline-block; min-width: 1.7em; padding: 0 .45em; margin-right: .5em;
  border-radius: 1em; text-align: center; font-weight: 700; color: var(--dropviz-letter);
}
.dropviz-scroll { overflow-x: auto; margin: .2em 0 .3em; }
.dropviz-card table {
  border-collapse: collapse; margin: 0; border: 0; font-variant-numeric: tabular-nums;
  font-size: inherit; color: inherit; background: none;
}
.dropviz-card th, .dropviz-card td {
  padding: .05em .5em; text-align: right; font-weight: 400; white-space: nowrap; border: 0;
  background: none;
}
.dropviz-card thead th { color: var(--dropviz-muted); }
.dropviz-card tbody th { text-align: left; color: var(--dropviz-muted); }
.dropviz-card td[data-value="0"] { color: var(--dropviz-muted); }
.dropviz-card td[data-value="1"] { font-weight: 700; }
.dropviz-panels { display: flex; flex-wrap: wrap; gap: .6em 1.4em; }
.dropviz-site { font-size: 1.1em; font-weight: 700; margin-top: .7em; }
.dropviz-heat { display: grid; gap: 2px 5px; width: max-content; }
.dropviz-heat[data-numbered] { grid-template-columns: auto auto; }
.dropviz-heat canvas { display: block; }
.dropviz-ends { display: flex; justify-content: space-between; color: var(--dropviz-muted); }
.dropviz-down { flex-direction: column; text-align: right; line-height: 1.1; }
.dropviz-scale { flex-direction: column; line-height: 1.1; }
.dropviz-cells { display: grid; gap: 0 1.6em; justify-content: start; }
.dropviz-cells > div {
  display: grid; grid-row: span 5; grid-template-rows: subgrid; margin-bottom: .6em;
  align-content: start;
}
.dropviz-tag {
  float: right; padding: 0 .5em; border-radius: 4px; font-size: .75em; font-weight: 400;
  color: var(--dropviz-ground); background: var(--dropviz-ink);
}
@media print {
  /* Letters that stand on a colour would be lost without it. */
  .dropviz-scene { break-inside: avoid; print-color-adjust: exact; }
  div.dropviz-item { break-inside: avoid; }
  .dropviz-card[data-empty] { display: none; }
}
`;
